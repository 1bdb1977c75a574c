/// A hub for a host: its public face, without a socket.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/hub/hub.hpp"
#include "actors/hub/messages.hpp"
#include "services/embedding/clearance.hpp"
#include "services/embedding/line.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

struct embedded_hub_config {
  hub_config inner; ///< without an executor
  face::executor executor;
  peer who; ///< the host, for the audit trail
};

/// Work that came up in another actor's handler. A promise is kept in its own
/// actor's handlers alone.
struct deferred {
  std::shared_ptr<const std::function<void()>> what;
};

/// What the host sees; and the inner hub's executor.
using embedded_hub_actor = face::hub::extend<
    caf::reacts_to<deferred>,
    caf::replies_to<protocol::shield_call>::with<protocol::shield_outcome>>;

/// Starts a hub and ends with it, with its reason. The host's messages reach it
/// as calls of a client do; those under way at the end are answered with what
/// is known of them, or else caf::sec::request_receiver_down.
class embedded_hub {
public:
  static inline const char* name = "embedded_hub";
  using interface = embedded_hub_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<embedded_hub>;

  embedded_hub(self_type* self, embedded_hub_config config);
  embedded_hub(const embedded_hub&) = delete;
  embedded_hub& operator=(const embedded_hub&) = delete;
  ~embedded_hub();

  interface::behavior_type make_behavior();

private:
  using verdict_promise = caf::typed_response_promise<face::verdict_result>;
  using subscribe_promise = caf::typed_response_promise<face::subscribe_atom>;
  using shield_promise = caf::typed_response_promise<protocol::shield_outcome>;

  /// A client of its own, for one call.
  struct verdict_call {
    verdict_promise answer;
    std::shared_ptr<line> client; ///< until it is settled it refers to us
    std::optional<face::verdict_result> result; ///< as soon as it is known
  };

  static void settle(verdict_call& x);
  verdict_promise on_verdict(const face::verdict& x);
  subscribe_promise on_subscribe(const face::subscriber& x);
  shield_promise on_call(const protocol::shield_call& x);

  self_type* self_;
  embedded_hub_config config_;
  service_actor inner_;
  // What was not answered yet. Callbacks of others share it; what they hold of
  // us they use in our own handlers alone.
  std::set<std::shared_ptr<verdict_call>> verdicts_;
  std::set<std::shared_ptr<subscribe_promise>> subscribing_;
  std::set<std::shared_ptr<shield_promise>> calls_;
};

/// On the I/O thread.
embedded_hub_actor spawn_embedded_hub(io_host& io, embedded_hub_config config);

} // namespace clearance::actors::embedding

CLEARANCE_MESSAGE(clearance::actors::embedding::deferred)
