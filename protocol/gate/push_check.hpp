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

struct backup_count {
  std::size_t all = 0;
  std::size_t of_token = 0; ///< those of the token that pushes

  friend bool operator==(const backup_count&, const backup_count&) = default;
};

/// Takes the commands of a push and then, one by one, the refs that are there.
class push_check {
public:
  /// Backups from before `expiry` are expired. `mark` is that of the token that
  /// pushes; empty: there is one token.
  explicit push_check(std::vector<ref_update> updates,
                      std::chrono::sys_seconds expiry = {},
                      std::string mark = {});

  const std::vector<ref_update>& updates() const noexcept { return updates_; }

  /// Adds a ref that is there. The id is remembered for refs that the push
  /// names.
  void add_existing(const ref_value& x);

  /// Backups among the existing refs that have not expired.
  backup_count backups() const noexcept { return backups_; }

  /// Those that have expired.
  const std::vector<backup>& expired() const noexcept { return expired_; }

  /// Why there is no room for as many backups more, printable; empty: there is.
  std::string no_room(std::size_t more) const;

  /// Why the push is refused, printable; empty: it is not. Call it when all
  /// existing refs are added.
  std::string refusal() const;

  /// The commands that delete or change a ref that is there. Some of these
  /// branches may only move forward; git has to be asked.
  std::vector<ref_update> endangered() const;

private:
  void add_backup(const ref_value& x);
  std::string refusal_of(const ref_update& x) const;

  std::vector<ref_update> updates_;
  std::map<std::string, std::string, std::less<>> ids_; // by ref; maybe empty
  bool twice_ = false;
  std::string named_twice_;
  backup_count backups_;
  std::chrono::sys_seconds expiry_;
  std::string mark_;
  std::vector<backup> expired_;
};

/// Whether a command changes a branch, which can therefore move forward: that
/// is, its new tip can contain the old one.
bool may_move_forward(const ref_update& x) noexcept;

} // namespace clearance::protocol
