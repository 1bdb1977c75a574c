/// One prompt watcher of the application.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/hub/messages.hpp"
#include "services/embedding/clearance.hpp"
#include "services/embedding/line.hpp"
#include "services/embedding/subscription.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace clearance::actors::embedding {

struct prompt_subscription_config {
  service_actor hub; ///< gets the connection, as if a client had connected
  face::prompt_watcher watcher; ///< this actor ends with it
  peer who;
  /// As subscription_config::subscribed.
  std::function<void(bool)> watched;
};

/// Calls `Watch` with a connection of its own and sends the prompts to the
/// watcher, the replies of some time in one message. While the watcher does not
/// answer, the hub merges the changes of each prompt. Ends as subscription
/// does.
class prompt_subscription {
public:
  static inline const char* name = "prompt_subscription";
  using interface = subscription_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<prompt_subscription>;

  prompt_subscription(self_type* self, prompt_subscription_config config);
  prompt_subscription(const prompt_subscription&) = delete;
  prompt_subscription& operator=(const prompt_subscription&) = delete;
  ~prompt_subscription();

  interface::behavior_type make_behavior();

private:
  void on_reply(const protocol::varlink::reply& x);
  void on_flush();
  void leave();
  void wake();
  void flush();

  self_type* self_;
  prompt_subscription_config config_;
  std::shared_ptr<line> line_;
  face::prompts waiting_;
  std::size_t replies_ = 0; ///< that are in waiting_
  bool has_begun_ = false;  ///< a reply has come
  bool flushing_ = false;   ///< a flush_atom is on its way
  bool ended_ = false;      ///< the connection has ended
  bool busy_ = false;       ///< the watcher has not answered yet
};

/// Runs on the I/O thread.
subscription_actor spawn_prompt_subscription(io_host& io,
                                             prompt_subscription_config config);

} // namespace clearance::actors::embedding
