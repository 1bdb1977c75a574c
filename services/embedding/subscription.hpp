/// One subscriber of the application.
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

/// From itself: send the events that wait.
using flush_atom = caf::atom_constant<caf::atom("flush")>;

struct subscription_config {
  service_actor hub; ///< gets the connection, as if a client had connected
  face::subscriber subscriber; ///< it ends with this actor
  peer who;
  /// Called with true when the hub has accepted the subscription, or with false
  /// if it ends before.
  std::function<void(bool)> subscribed;
};

using subscription_actor = caf::typed_actor<caf::reacts_to<flush_atom>>;

/// Subscribes with a connection of its own and sends the events to the
/// subscriber, one batch at a time. Ends when the connection ends, when the
/// subscriber ends, or when the subscriber does not answer.
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
  /// at most limits::subscriber_batch_max_events
  std::vector<face::event> waiting_;
  bool flushing_ = false; ///< a flush_atom is on its way
  bool ended_ = false;    ///< the connection has ended
  bool busy_ = false;     ///< the subscriber has not answered yet
};

/// Runs on the I/O thread.
subscription_actor spawn_subscription(io_host& io, subscription_config config);

} // namespace clearance::actors::embedding
