/// The verdict helper: the process that may change the firewall.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/hub/messages.hpp"
#include "protocol/base/byte_budget.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace clearance::actors {

struct verdict_helper_config {
  io_host* io = nullptr;
  std::string socket;
  executor_actor executor;
  /// For the log: whether the process has a sandbox; may be empty.
  std::string sandbox{};
  int inherited = -1; ///< see listen_spec::inherited
  manager_actor manager = {};
  /// for the status: what does not work; may be empty
  std::string caveat = {};
};

/// Serves org.terok.ClearanceVerdict1 with an executor. Keeps no state. Ends
/// with errc::bind_failed if it cannot bind its socket.
class verdict_helper {
public:
  static inline const char* name = "verdict_helper";
  using interface = service_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<verdict_helper>;

  verdict_helper(self_type* self, verdict_helper_config config);
  verdict_helper(const verdict_helper&) = delete;
  verdict_helper& operator=(const verdict_helper&) = delete;

  interface::behavior_type make_behavior();

private:
  void on_accepted(const accepted& x);
  void on_report() const;
  void tell_manager(bool ready) const;

  self_type* self_;
  verdict_helper_config config_;
  protocol::byte_budget_ptr held_;
  log_limiter_ptr denials_ = limiter_of_all();
  std::unique_ptr<listener> listener_;
  std::uint64_t clients_ = 0;
};

/// Runs on the I/O thread.
service_actor spawn_verdict_helper(io_host& io, verdict_helper_config config);

} // namespace clearance::actors
