/// Whether a push may go on, and which old tips it endangers. Source: gate.md,
/// section 4.
#pragma once

#include "protocol/gate/backup.hpp"
#include "protocol/gate/ref_update.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Takes the commands of a push and then, one by one, the refs that are there.
class push_check {
public:
  /// Backups from before `expiry` are expired.
  explicit push_check(std::vector<ref_update> updates,
                      std::chrono::sys_seconds expiry = {});

  const std::vector<ref_update>& updates() const noexcept { return updates_; }

  /// A ref that is there. Only what the push names is remembered.
  void add_existing(const ref_value& x);

  /// Backups among the existing refs, the expired ones included.
  std::size_t backups() const noexcept { return backups_; }

  /// Those of them that have expired.
  const std::vector<backup>& expired() const noexcept { return expired_; }

  /// Why the push is refused, printable; empty: it is not. Call it when all
  /// existing refs are added.
  std::string refusal() const;

  /// The commands that delete or change a ref that is there. A branch among
  /// them may yet prove to have moved forward.
  std::vector<ref_update> endangered() const;

private:
  std::string refusal_of(const ref_update& x) const;

  std::vector<ref_update> updates_;
  std::map<std::string, std::string, std::less<>> ids_; // by ref; maybe empty
  bool twice_ = false;
  std::string named_twice_;
  std::size_t backups_ = 0;
  std::chrono::sys_seconds expiry_;
  std::vector<backup> expired_;
};

/// Whether a command changes a branch, which can therefore move forward: that
/// is, its new tip can contain the old one.
bool may_move_forward(const ref_update& x) noexcept;

} // namespace clearance::protocol
