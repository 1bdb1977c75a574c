/// What a push did, as a post-receive hook is told, and what we keep of it.
/// Source: githooks(5), "post-receive".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// One ref that was pushed. Ids are hexadecimal, of 40 or 64 digits.
struct ref_update {
  std::string old_id;
  std::string new_id;
  std::string ref;

  friend bool operator==(const ref_update&, const ref_update&) = default;
};

/// A line `<old> <new> <ref>` without its end; nothing: not one.
std::optional<ref_update> parse_ref_update(std::string_view line);

/// All zeros: there is no such object.
bool is_null_id(std::string_view id) noexcept;

/// Whether the old tip could be lost: a branch that was there and was deleted,
/// or was moved (then only if it was forced, which git must be asked).
enum class old_tip { kept, deleted, moved };
old_tip fate_of_old_tip(const ref_update& x) noexcept;

/// Where a branch's old tip is saved:
/// `refs/terok/backup/<branch>/<UTC YYYYmmddTHHMMSSZ>-<first 12 of the id>`.
/// The update is of a branch. Source: gate.md, section 1.
std::string backup_ref(const ref_update& x, std::chrono::sys_seconds now);

/// The whole of `terok-push-marker`: the time, the pushed lines, the notes.
std::string push_marker(std::chrono::sys_seconds now,
                        const std::vector<ref_update>& updates,
                        const std::vector<std::string>& notes);

} // namespace clearance::protocol
