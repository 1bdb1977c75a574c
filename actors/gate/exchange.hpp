/// One HTTP request of the git gate, from its head to its end.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/gate/gate.hpp"
#include "actors/gate/messages.hpp"
#include "protocol/gate/git_route.hpp"

#include <optional>
#include <string_view>

namespace clearance::actors {

struct exchange_config {
  http_request_ptr request;
  gate_actor gate; ///< linked: dies with it
  grants_ptr grants;
  std::shared_ptr<const backend_config> backend;
  /// The gate's: what its exchanges log of all that goes wrong.
  log_limiter_ptr complaints;
};

/// Decides what becomes of its request and logs how that went. Sees no socket
/// and no byte of a body. Ends when the request is answered.
class exchange {
public:
  static inline const char* name = "exchange";
  using interface = exchange_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<exchange>;

  exchange(self_type* self, exchange_config config);
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  interface::behavior_type make_behavior();

private:
  void decide();
  void on_slot(bool granted);
  void slow_down();
  void serve();
  void refuse(int status, std::string_view text,
              const protocol::http_fields& fields = {});
  void on_answered(const answered& x);
  void on_said(const backend_said& x) const;
  bool may_complain() const;

  self_type* self_;
  exchange_config config_;
  std::optional<protocol::git_route> route_; // views into the request's head
};

/// On the I/O thread.
exchange_actor spawn_exchange(io_host& io, exchange_config config);

} // namespace clearance::actors
