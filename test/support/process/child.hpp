/// A program under test. The test chooses its environment. The destructor kills
/// the process and reaps it.
#pragma once

#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/files/unique_fd.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace clearance::test {

/// How a process ended: one of the two is set.
struct ending {
  std::optional<int> exit_code;
  std::optional<int> signal;

  friend bool operator==(const ending&, const ending&) = default;
};

std::string to_string(const ending& x);

inline std::ostream& operator<<(std::ostream& out, const ending& x) {
  return out << to_string(x);
}

inline ending exited(int code) {
  return {code, {}};
}

struct child_options {
  std::vector<std::string> argv; ///< argv[0] is a path
  /// Added to the test's own environment. An empty value removes the variable.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string stdin_bytes;
  std::optional<std::pair<unsigned, unsigned>> descriptors; ///< soft, hard
  std::optional<mode_t> umask;
  bool without_standard_descriptors = false; ///< 0, 1 and 2 are closed
  std::filesystem::path working_directory = "/";
  /// Sockets of the test with their names, passed as systemd passes them.
  /// Source: sd_listen_fds(3).
  std::vector<std::pair<std::string, int>> sockets = {};
  /// SIGHUP is blocked and waits when the program starts.
  bool has_early_hangup = false;
};

/// stdout and stderr go to files, because a pipe that a test forgets to read
/// would stop the program. Start it on the test's main thread: the kernel kills
/// the child when that thread ends, even if the test crashes.
class child {
public:
  explicit child(child_options options);
  ~child();
  child(child&&) noexcept = default;
  child& operator=(child&&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// Readable once the process has ended.
  int pidfd() const noexcept { return pidfd_.get(); }

  bool running() const;
  void kill(int signal) const;
  /// Sends SIGSTOP and waits until the process is stopped. SIGCONT resumes it.
  void suspend() const;

  /// Waits for its end, for at most `guard`, and reaps it.
  ending wait(std::chrono::milliseconds guard = hang_guard);

  std::string out() const;
  std::string err() const;

  /// Waits until `text` is in stderr (stdout). Throws if the process ends
  /// without having written it.
  void await_err(std::string_view text) const;
  void await_out(std::string_view text) const;

private:
  void await_text(const char* file, int changes, std::string_view text) const;

  std::unique_ptr<temp_dir> files_;
  unique_fd pidfd_;
  unique_fd out_changes_;
  unique_fd err_changes_;
  pid_t pid_ = -1;
  std::optional<ending> end_;
};

} // namespace clearance::test
