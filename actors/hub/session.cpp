// Calls on a varlink connection are served one after another:
//
//   read() --> received --> serve one message after another
//     ^                       |        |         |
//     |                    answered  pending   Subscribe: the connection goes
//     |                       |     (verdict,  to a subscriber; Watch: it goes
//     |                       v   apply, List) to the operators. The session
//     '--- none left <---- replies_ <--'       ends
//
// The session goes on only while replies_ is small: a client that sends calls
// and does not read the answers is not read from until it reads. A client that
// shuts down its writing side still gets its replies. A client that leaves does
// not cancel the verdict that it asked for.

#include "actors/hub/session.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/hub/audit.hpp"
#include "actors/hub/subscriber.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"
#include "protocol/varlink/shield.hpp"

#include <array>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clearance::actors {

namespace limits = protocol::limits;
namespace varlink = protocol::varlink;

session::session(self_type* self, session_config config)
    : self_(self), config_(std::move(config)), unread_(config_.held) {
  self_->set_exception_handler(
      [this](std::exception_ptr& fault) { return on_fault(fault); });
}

session::~session() {
  if (!config_.connection)
    return;
  if (denials_)
    if_memory_allows([this] {
      audit_rest(config_.connection->who(), *denials_, self_->clock().now());
    });
  config_.connection->close();
}

session::interface::behavior_type session::make_behavior() {
  self_->link_to(config_.parent);
  config_.connection->own(session_actor{self_});
  config_.connection->read();
  return {
      [this](const received& x) { on_received(x); },
      [this](const writable&) { on_writable(); },
      [](const hung_up&) { /* not watched: it is read or written */ },
      [this](const protocol::verdict_outcome& x) { on_verdict(x); },
      [this](const protocol::shield_outcome& x) { on_applied(x); },
      [this](const shield_abilities_answer& x) { on_abilities(x); },
      [this](const operator_answer& x) { on_answer(x); },
  };
}

// A large message may need more memory than there is. That is its client's
// loss: the session ends as if the client had left, and the hub goes on.
caf::error session::on_fault(const std::exception_ptr& fault) {
  frames_.reset();
  const auto pid = config_.connection ? config_.connection->who().pid : 0;
  report_closed(name, pid, fault);
  self_->unlink_from(config_.parent);
  return {};
}

// Nobody is told of a normal end: an exit message would need memory, and so
// does CAF to read it.
void session::leave() {
  self_->unlink_from(config_.parent);
  self_->quit();
}

void session::on_received(const received& x) {
  frames_ = x.frames;
  next_ = 0;
  end_ = x.end;
  advance();
}

void session::on_writable() {
  blocked_ = false;
  if (flush())
    advance();
}

void session::on_verdict(const protocol::verdict_outcome& x) {
  if (!oneway_)
    varlink::append_verdict(replies_, x);
  answer();
}

void session::on_applied(const protocol::shield_outcome& x) {
  audit(x);
  if (!oneway_)
    varlink::append_apply(replies_, x);
  answer();
}

void session::on_abilities(const shield_abilities_answer& x) {
  if (!oneway_)
    varlink::append_abilities(replies_, x.abilities);
  answer();
}

void session::on_answer(const operator_answer& x) {
  if (x.reply.empty()) // memory was denied to it
    return leave();
  if (!oneway_)
    replies_ += x.reply;
  answer();
}

// The pending call has its reply; it is written before the next call is served.
void session::answer() {
  state_ = state::serving;
  if (flush())
    advance();
}

// Serves calls until one is pending, the client must read first, or no message
// is left. Then reads on or ends.
void session::advance() {
  auto size = frames_ ? frames_->size() : 0;
  while (state_ == state::serving && next_ < size
         && replies_.size() < limits::varlink_replies_max_bytes) {
    auto i = next_++;
    serve(frames_->at(i), frames_->capacity_at(i));
  }
  if (!flush() || blocked_)
    return;
  switch (state_) {
  case state::serving:
    next_ < size ? advance() : read_on();
    break;
  case state::pending:
    break;
  case state::subscribing:
    hand_over();
    break;
  case state::watching:
    hand_over_to_operators();
    break;
  case state::refusing:
    leave();
    break;
  }
}

void session::read_on() {
  frames_.reset();
  switch (end_) {
  case stream_end::none:
    config_.connection->read();
    break;
  case stream_end::eof:
  case stream_end::broken:
    leave();
    break;
  case stream_end::cut_off:
    refuse("its last message has no NUL at its end");
    varlink::append_error(replies_, "org.varlink.service.InvalidParameter",
                          {{"parameter", "the NUL at the end of a message"}});
    if (flush())
      leave();
    break;
  case stream_end::too_long:
    refuse("a message longer than the limit");
    leave();
    break;
  case stream_end::no_room:
    refuse("a long message, and the memory that clients share is used up");
    leave();
    break;
  }
}

void session::serve(std::string_view message, std::size_t capacity) {
  auto parsed = varlink::parse_call(message, capacity);
  if (auto bad = std::get_if<varlink::malformed>(&parsed)) {
    refuse(bad->why);
    return;
  }
  auto& call = std::get<varlink::call>(parsed);
  oneway_ = call.oneway;
  auto what = varlink::dispatch(config_.role, call);
  if (auto answered = std::get_if<varlink::answered>(&what))
    replies_ += answered->reply;
  else if (auto verdict = std::get_if<varlink::verdict_call>(&what))
    ask(*verdict);
  else if (auto apply = std::get_if<varlink::apply_call>(&what))
    ask(*apply);
  else if (std::holds_alternative<varlink::abilities_call>(what))
    ask_abilities();
  else if (auto operators = std::get_if<varlink::operator_call>(&what))
    ask(*operators);
  else
    give_away(state::subscribing);
}

// A client that watches counts as a subscriber.
void session::give_away(state to) {
  if (config_.subscribers == nullptr || (slot_ = config_.subscribers->take()))
    state_ = to;
  else
    refuse("too many subscribers");
}

void session::ask(varlink::operator_call& x) {
  if (auto* watch = std::get_if<varlink::watch_call>(&x)) {
    watch_ = std::move(*watch);
    give_away(state::watching);
    return;
  }
  state_ = state::pending;
  if (std::holds_alternative<varlink::lost_call>(x)) {
    self_->send(config_.registry, losses_of{config_.connection->who().pid});
    return;
  }
  self_->send(config_.operators,
              operator_question{std::move(x), config_.connection->who()});
}

void session::ask(varlink::verdict_call& x) {
  state_ = state::pending;
  denials();
  self_->send(config_.registry,
              verdict{std::move(x.container), std::move(x.request_id),
                      std::move(x.dest), std::move(x.action),
                      config_.connection->who(), denials_});
}

void session::ask(varlink::apply_call& x) {
  if (auto action = protocol::parse_action(x.action)) {
    state_ = state::pending;
    applying_ = {*action, std::move(x.container), std::move(x.dest), x.seconds};
    self_->send(config_.executor, applying_);
    return;
  }
  audit_denied(
      "verdict refused",
      {name, x.action, x.container, {}, x.dest, config_.connection->who()},
      {"why", "invalid action"}, denials(), self_->clock().now());
  if (!oneway_)
    varlink::append_apply(
        replies_, {false, "invalid action: " + protocol::escaped(x.action)});
}

void session::ask_abilities() {
  state_ = state::pending;
  self_->send(config_.executor, abilities_atom::value);
}

log_limiter& session::denials() {
  if (!denials_)
    denials_ =
        std::make_shared<log_limiter>(limits::log_max_lines, config_.denials);
  return *denials_;
}

// Only for the verdict helper. The hub has its own audit trail, but other
// callers of our uid have no other than this one.
void session::audit(const protocol::shield_outcome& x) {
  const audited entry{
      name,           to_string(applying_.action), applying_.container, {},
      applying_.dest, config_.connection->who()};
  if (x.ok)
    audit_applied(entry);
  else
    audit_denied("verdict failed", entry,
                 {"stderr", protocol::escaped(x.stderr_text,
                                              limits::shield_stderr_max_bytes)},
                 denials(), self_->clock().now());
}

// Gives the connection to a subscriber. Messages behind `Subscribe` are
// dropped: `Subscribe` never ends, so they would never be served.
void session::hand_over() {
  auto next = spawn_subscriber(
      *config_.io,
      subscriber_config{config_.registry, config_.connection, config_.parent});
  config_.connection = nullptr; // it is the subscriber's now
  if (slot_)
    caf::actor_cast<caf::abstract_actor*>(next)->attach_functor(
        [taken = std::exchange(slot_, nullptr)](const caf::error&) {
          // nop: the functor holds the slot and drops it with the subscriber
        });
  leave();
}

// Where the message cannot be sent the connection stays here, and is closed.
void session::hand_over_to_operators() {
  self_->send(config_.operators,
              watching{config_.connection, std::move(watch_), slot_});
  config_.connection = nullptr; // it is an operator session's now
  slot_ = nullptr;
  leave();
}

// False: the connection broke, and the actor has quit.
bool session::flush() {
  if (blocked_ || replies_.empty())
    return true;
  std::array<std::string_view, 1> pieces{replies_};
  auto result = config_.connection->write(pieces);
  replies_.erase(0, result.bytes);
  if (result.broken) {
    leave();
    return false;
  }
  if (!replies_.empty())
    return await_room();
  if (replies_.capacity() > limits::varlink_replies_max_bytes)
    replies_.shrink_to_fit();
  unread_.settle(0);
  return true;
}

// A few replies are always kept. More are kept only while the memory that
// clients share has room.
bool session::await_room() {
  if (replies_.size() > limits::kept_max_bytes
      && !unread_.try_hold(replies_.capacity())) {
    refuse("unread replies, and the memory that clients share is used up");
    leave();
    return false;
  }
  blocked_ = true;
  config_.connection->await_writable();
  return true;
}

// Calls that came before are still answered, if the client reads the replies.
void session::refuse(std::string_view why) {
  state_ = state::refusing;
  log(severity::warning, name, "closed a client's connection",
      {{"why", why},
       {"pid", std::to_string(config_.connection->who().pid)},
       {"command", config_.connection->who().command}});
}

session_actor spawn_session(io_host& io, session_config config) {
  return spawn_hosted<session>(io, std::move(config));
}

} // namespace clearance::actors
