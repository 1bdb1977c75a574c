/// What terok-guard remembers of a guarded network namespace, and the file in
/// which it does.
#pragma once

#include "protocol/guard/target.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol {

/// Whether the firewall denies by default.
enum class shield_mode : std::uint8_t {
  up,   ///< what was not allowed is blocked
  down, ///< what was not denied passes
};

struct guard_state {
  std::string container; ///< see is_guard_name()
  std::string name;      ///< another name of it; may be empty

  /// A process in the namespaces. A number that was given to another process
  /// in the meantime has another start time. Source: proc(5), "starttime".
  std::uint64_t pid = 0;
  std::uint64_t start_time = 0;
  std::uint64_t user_namespace = 0; ///< inode numbers
  std::uint64_t net_namespace = 0;

  /// The process of the guard that reads the blocks, as above. 0: none does.
  std::uint64_t guard = 0;
  std::uint64_t guard_start_time = 0;
  shield_mode mode = shield_mode::up;

  /// Targets without a time limit. Those with one are in the kernel alone,
  /// which forgets them in time.
  std::set<ip_range> allowed;
  std::set<ip_range> denied;

  /// Whether a DNS forwarder runs in the namespace, which opens the addresses
  /// of allowed names as they are looked up.
  bool forwarder = false;
  std::set<std::string> names; ///< allowed ones, canonical; see name_pattern

  friend bool operator==(const guard_state&, const guard_state&) = default;
};

/// Whether `text` can name a container: 1 to 64 letters, digits, `.`, `_` and
/// `-`, the first one a letter or a digit.
bool is_guard_name(std::string_view text) noexcept;

/// Whether `word` means the container `x`: its id, the id's first 12
/// characters, or its name.
bool is_called(const guard_state& x, std::string_view word) noexcept;

/// The text of the file. Lines `key value`, in this order, each with its end.
std::string state_text(const guard_state& x);

/// Reads such a text. Errors: why it is none, as a phrase.
std::variant<guard_state, std::string> parse_state(std::string_view text);

/// The outcome of set_target().
enum class target_change : std::uint8_t {
  done,
  too_many, ///< guard_limits::state_max_targets; nothing was changed
};

/// Whether one of the allowed names means `name`, see is_dns_name().
bool is_allowed_name(const guard_state& x, std::string_view name);

/// Takes `x` out of one set and puts it into the other, as a verdict does.
/// With `timed` it is put nowhere: the kernel alone remembers it.
target_change set_target(guard_state& state, const ip_range& x, bool allow,
                         bool timed);

} // namespace clearance::protocol
