/// One subscriber of a host.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/hub/messages.hpp"
#include "services/embedding/clearance.hpp"
#include "services/embedding/line.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

/// Itself: what came is to be sent on.
using flush_atom = caf::atom_constant<caf::atom("flush")>;

struct subscription_config {
  service_actor hub;           ///< gets the line as a client's
  face::subscriber subscriber; ///< it ends with this one
  peer who;
  /// Called when the subscription stands (true), or at the end without one.
  std::function<void(bool)> subscribed;
};

using subscription_actor = caf::typed_actor<caf::reacts_to<flush_atom>>;

/// Subscribes on a line and sends what comes to the subscriber, a batch at a
/// time. Ends with the line, the subscriber, or a subscriber that does not
/// answer.
class subscription {
public:
  static inline const char* name = "subscription";
  using interface = subscription_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<subscription>;

  subscription(self_type* self, subscription_config config);
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;
  ~subscription();

  interface::behavior_type make_behavior();

private:
  void on_reply(protocol::varlink::reply x);
  void on_flush();
  void leave();
  void wake();
  void flush();

  self_type* self_;
  subscription_config config_;
  std::shared_ptr<line> line_;
  std::vector<face::event> waiting_; ///< at most limits::subscriber_batch...
  bool flushing_ = false;            ///< a flush_atom is on its way
  bool ended_ = false;               ///< the line has
  bool busy_ = false;                ///< the subscriber has not answered yet
};

/// On the I/O thread.
subscription_actor spawn_subscription(io_host& io, subscription_config config);

} // namespace clearance::actors::embedding
