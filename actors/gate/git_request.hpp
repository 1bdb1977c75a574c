/// One HTTP request of the git gate, from its head to its end.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/gate/config.hpp"
#include "actors/gate/messages.hpp"
#include "protocol/gate/git_route.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace clearance::actors {

/// What became of the gate's requests.
struct gate_traffic {
  std::uint64_t left = 0;                  ///< the client left before
  std::array<std::uint64_t, 4> by_class{}; ///< by class: 2xx to 5xx
  std::uint64_t received = 0;              ///< bytes of bodies
  std::uint64_t sent = 0;

  void add(const answered& x) noexcept;
};

struct git_request_config {
  http_request_ptr request;
  gate_actor gate; ///< linked: dies with it
  grants_ptr grants;
  bool shared = false; ///< the grants are of more than one token
  std::shared_ptr<const backend_config> backend;
  /// Limits the warnings of all git requests of the gate.
  log_limiter_ptr complaints;
  /// Of all git requests of the gate, which counts it.
  std::shared_ptr<gate_traffic> traffic = nullptr;
};

/// Decides whether its request is refused or served, and logs the result. The
/// bytes of bodies do not pass through this actor. Ends when the request is
/// answered.
class git_request {
public:
  static inline const char* name = "git_request";
  using interface = git_request_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<git_request>;

  git_request(self_type* self, git_request_config config);
  git_request(const git_request&) = delete;
  git_request& operator=(const git_request&) = delete;

  interface::behavior_type make_behavior();

private:
  void decide();
  void on_slot(int status);
  void refuse_unrouted();
  void slow_down();
  void serve();
  void refuse(int status, std::string_view text,
              const protocol::http_fields& fields = {});
  void on_answered(const answered& x);
  void on_said(const backend_said& x) const;
  bool may_complain() const;

  self_type* self_;
  git_request_config config_;
  std::optional<protocol::git_route> route_; // views into the request's head
  protocol::sha256_digest token_{}; // the token that opens the repository
  bool started_ = false;            // a backend was started
};

/// Runs on the I/O thread.
git_request_actor spawn_git_request(io_host& io, git_request_config config);

} // namespace clearance::actors
