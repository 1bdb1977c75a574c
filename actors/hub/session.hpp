/// One varlink client of the hub or of the verdict helper.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/base/slot_pool.hpp"
#include "actors/hub/messages.hpp"
#include "protocol/base/byte_budget.hpp"
#include "protocol/varlink/dispatch.hpp"

#include <caf/actor_addr.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

namespace clearance::actors {

/// In the hub a session has a registry, in the verdict helper an executor.
struct session_config {
  io_host* io = nullptr;
  connection_ptr connection;
  caf::actor_addr parent; ///< linked: the session ends with it
  protocol::varlink::role role = protocol::varlink::role::hub;
  registry_actor registry;
  executor_actor executor;
  operators_actor operators;        ///< null: the hub has none
  slot_pool* subscribers = nullptr; ///< the parent's; null: no limit
  /// The parent's limiter of log lines about all clients' denied verdicts.
  log_limiter_ptr denials = nullptr;
  /// limits unread replies of all sessions together; null: no limit
  protocol::byte_budget_ptr held;
};

/// Answers calls one after another. `Subscribe` gives the connection to a
/// subscriber and ends the session; `Watch` gives it to the operators. See
/// session.cpp.
class session {
public:
  static inline const char* name = "session";
  using interface = session_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<session>;

  session(self_type* self, session_config config);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();

  interface::behavior_type make_behavior();

private:
  enum class state {
    serving,
    pending,     // another actor works on a call; no further call is served
    subscribing, // the connection goes to a subscriber once replies_ is written
    watching,    // it goes to an operator session then
    refusing,    // the connection is closed once replies_ is written
  };

  void on_received(const received& x);
  void on_writable();
  void on_verdict(const protocol::verdict_outcome& x);
  void on_applied(const protocol::shield_outcome& x);
  void on_abilities(const shield_abilities_answer& x);
  void on_answer(const operator_answer& x);

  caf::error on_fault(const std::exception_ptr& fault);
  void leave();
  void advance();
  void serve(std::string_view message, std::size_t capacity);
  void read_on();
  void ask(protocol::varlink::verdict_call& x);
  void ask(protocol::varlink::apply_call& x);
  void ask_abilities();
  void ask(protocol::varlink::operator_call& x);
  void give_away(state to);
  void answer();
  log_limiter& denials();
  void audit(const protocol::shield_outcome& x);
  void hand_over();
  void hand_over_to_operators();
  bool flush();
  bool await_room();
  void refuse(std::string_view why);

  self_type* self_;
  session_config config_;
  std::shared_ptr<const protocol::frame_batch> frames_;
  std::size_t next_ = 0; // index of the first of frames_ that is not served yet
  stream_end end_ = stream_end::none;

  state state_ = state::serving;
  slot slot_; // for the subscriber or operator session that takes over
  protocol::varlink::watch_call watch_; // for the operator session
  bool oneway_ = false;                 // the current call wants no reply
  // the current call in the verdict helper, for the audit trail
  protocol::shield_call applying_;
  std::shared_ptr<log_limiter> denials_; // made when the first verdict comes

  std::string replies_;          // what the socket has not accepted yet
  protocol::byte_charge unread_; // counts replies_ when they are many
  bool blocked_ = false;         // waiting for `writable`
};

/// On the I/O thread.
session_actor spawn_session(io_host& io, session_config config);

} // namespace clearance::actors
