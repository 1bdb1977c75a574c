/// One client that follows events.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/hub/bounded_mailbox.hpp"
#include "actors/hub/messages.hpp"

#include <caf/actor_addr.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <exception>
#include <string_view>
#include <vector>

namespace clearance::actors {

struct subscriber_config {
  registry_actor registry;
  connection_ptr connection; ///< taken over from the session
  caf::actor_addr hub;       ///< linked: both end together
};

/// Writes events to its connection as fast as the socket accepts them.
/// Meanwhile the newest events wait in its bounded mailbox. See subscriber.cpp.
class subscriber {
public:
  static inline const char* name = "subscriber";
  using interface = subscriber_actor;
  using self_type = bounded_mailbox<hosted<interface::base>>;
  using actor_type = hosted_actor<subscriber, self_type>;

  subscriber(self_type* self, subscriber_config config);
  subscriber(const subscriber&) = delete;
  subscriber& operator=(const subscriber&) = delete;
  ~subscriber();

  interface::behavior_type make_behavior();

private:
  void on_events();
  void on_page(replay_page& x);
  void on_writable();
  void leave(std::string_view why);
  void on_report() const;
  void tell_loss() const;

  caf::error on_fault(const std::exception_ptr& fault);
  void give_up(const std::exception& fault);
  void flush();
  bool fill();
  void write();
  void taken(std::size_t bytes);

  self_type* self_;
  registry_actor registry_;
  connection_ptr connection_;
  caf::actor_addr hub_;

  /// At most subscriber_batch_max_events that are being written. The first
  /// `front_sent_` bytes are written already; no other event is partly written.
  std::vector<event_slice> batch_;
  std::size_t front_sent_ = 0;

  /// Undelivered events come before new ones: while `replaying_`, batch_ is
  /// filled from these pages alone and the queue waits. The next page is asked
  /// for when the socket has accepted the last one.
  replay_page replay_;
  std::size_t replayed_ = 0; // how many of replay_.events went to batch_
  bool replaying_ = true;
  bool awaiting_page_ = true;   // `subscribe` or `replay` is not answered yet
  bool blocked_ = false;        // waiting for `writable`
  bool broken_ = false;         // nothing is written; the actor is about to end
  std::string_view broken_why_; // a literal
};

/// Runs on the I/O thread.
subscriber_actor spawn_subscriber(io_host& io, subscriber_config config);

} // namespace clearance::actors
