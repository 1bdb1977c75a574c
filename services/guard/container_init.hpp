/// The first process of a container that `run` makes: it loads the firewall,
/// and only then starts COMMAND, which can do nothing about it.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "services/guard/forwarder.hpp"
#include "services/guard/namespaces.hpp"
#include "services/guard/terminal_job.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::services {

/// Exit codes of `run` that are not COMMAND's. Source: terok-guard(1), EXIT
/// STATUS; the numbers are those of env(1).
enum run_exit_code : int {
  exit_run_failed = 125,
  exit_cannot_execute = 126,
  exit_not_found = 127,
};

struct container_plan {
  std::vector<std::string> command;
  std::vector<std::string> rules; ///< of table_texts()
  /// The namespaces below which the container's are made. Null: our own.
  const guarded_process* below = nullptr;
  std::string hub;        ///< the hub's socket, which is hidden; empty: none
  bool forwarder = false; ///< names are looked up at 127.0.0.1
  const terminal_job* job = nullptr; ///< never null when a container is made
};

/// A container that does not run COMMAND yet: nothing in it sends packets.
class container {
public:
  /// Makes the namespaces. Their firewall is being loaded meanwhile. Throws
  /// setup_fault.
  explicit container(const container_plan& plan);

  /// Returns when the firewall is loaded. Throws setup_fault.
  void await_firewall();

  /// The container ends, if it has not yet.
  ~container();
  container(const container&) = delete;
  container& operator=(const container&) = delete;

  /// Begins to hide what leads out of the container, also the sockets at these
  /// paths. After await_firewall(), before start_command(), which says what
  /// failed.
  void hide(const std::vector<std::string>& sockets);

  /// The first process, as we number it.
  pid_t pid() const noexcept { return pid_; }
  /// This and dns_sockets(): once await_firewall() has returned.
  int nflog() const noexcept { return nflog_.get(); }
  /// Readable when a route changes; reading it tells nothing.
  int routes() const noexcept { return routes_.get(); }
  /// With container_plan::forwarder.
  const forwarder_sockets& dns_sockets() const noexcept { return dns_; }

  /// Starts COMMAND, after await_firewall(). Throws setup_fault.
  void start_command();

  /// Readable when COMMAND has stopped; see has_stopped(). -1: that is not
  /// told, or not any more.
  int stops() const noexcept;

  /// Reads what stops() is readable for. False: the first process has ended.
  bool has_stopped();

  /// Waits for the first process, which ends when COMMAND does. Returns
  /// COMMAND's exit code, or 128 and the number of the signal that ended it.
  int wait();

private:
  [[noreturn]] void fail_start(const std::string& said);

  pid_t pid_ = -1;
  io::unique_fd channel_; // to the first process
  bool has_job_ = false;
  bool has_forwarder_ = false;
  io::unique_fd routes_;
  io::unique_fd nflog_;
  forwarder_sockets dns_;
};

} // namespace clearance::services
