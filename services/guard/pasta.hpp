/// pasta connects a network namespace to the outside without any privilege.
/// Source: passt(1).
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/helper_program.hpp"

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// The path of the program that pasta is on this processor. Throws setup_fault
/// when it is not installed.
std::string find_pasta();

/// Which default routes the network namespace of a process has.
struct default_routes {
  bool v4 = false;
  bool v6 = false;
};

/// pasta, and the files by which it says that the network is there.
class pasta_program {
public:
  /// None: await() returns at once.
  pasta_program() = default;

  /// Starts to connect the namespace of process `pid`. Nothing of the host can
  /// be reached through it, and nothing of the namespace from outside.
  /// `directory` is a private one. Throws setup_fault.
  pasta_program(const std::string& path, pid_t pid,
                const std::string& directory);

  pasta_program(const pasta_program&) = delete;
  pasta_program& operator=(const pasta_program&) = delete;
  /// The end of the container's network is not waited for: pasta needs some
  /// ten milliseconds to give back its memory.
  ~pasta_program();

  /// Returns when the network is there: COMMAND has an address and routes, and
  /// what it sends waits in the device until pasta is ready, which takes it
  /// twice as long. `routes`: see container::routes(). Also returns when
  /// `signals` is readable. Throws setup_fault.
  void await(int routes, int signals);

  /// What pasta wrote last, for a log line.
  std::string last_words() const;

  /// Readable once pasta has ended. -1: there is none.
  int pidfd() const noexcept { return program_.pidfd(); }

private:
  bool has_routes(const default_routes& own) const;

  pid_t container_ = 0;
  std::string pid_file_;
  io::unique_fd changes_; // of the directory
  io::unique_fd err_;
  helper_program program_;
};

} // namespace clearance::services
