/// The states of all containers that terok-guard guards for this user: one file
/// each, in a directory of his own.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "protocol/guard/guard_state.hpp"

#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

class state_store {
public:
  /// Makes the directory and locks it: one process at a time changes a state
  /// and the firewall that belongs to it. Waits for the lock. Throws
  /// setup_fault.
  explicit state_store(const std::string& directory);

  /// All states that can be read, by their containers. A file that cannot is
  /// named on stderr.
  std::vector<protocol::guard_state> all() const;

  /// The one state that `word` calls, or why there is none.
  std::variant<protocol::guard_state, std::string>
  find(const std::string& word) const;

  /// Replaces the file in one step. Throws setup_fault.
  void save(const protocol::guard_state& x) const;

  void remove(const protocol::guard_state& x) const;

private:
  std::string directory_;
  io::unique_fd lock_;
};

/// Reads one file. Errors: why not, as a phrase.
std::variant<protocol::guard_state, std::string>
read_state_file(const std::string& path);

/// The file of a container, in state_directory().
std::string state_path(const std::string& container);

/// `terok-guard` below the runtime directory.
std::string state_directory();

} // namespace clearance::services
