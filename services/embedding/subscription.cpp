// The connection has room for one batch of events. When the subscriber has
// answered, there is room for the next one. Meanwhile events wait in the
// bounded mailbox of the hub's subscriber; when that is full the oldest are
// dropped, as for every slow client.

#include "services/embedding/subscription.hpp"

#include "actors/base/log.hpp"
#include "protocol/base/limits.hpp"

#include <caf/send.hpp>

#include <utility>

namespace clearance::actors::embedding {

namespace limits = protocol::limits;

namespace {

constexpr auto batch_max = limits::subscriber_batch_max_events;

face::event to_face(protocol::event&& x) {
  return {std::string{to_string(x.type)},
          std::move(x.container),
          std::move(x.request_id),
          std::move(x.dest),
          x.port,
          x.proto,
          std::move(x.domain),
          std::move(x.action),
          x.ok,
          std::move(x.reason),
          std::move(x.dossier)};
}

std::string subscribe_call() {
  std::string result;
  protocol::varlink::append_call(result, "org.terok.Clearance1.Subscribe", {},
                                 true);
  return result;
}

} // namespace

subscription::subscription(self_type* self, subscription_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

subscription::~subscription() {
  if (line_)
    line_->hang_up();
  if (config_.subscribed)
    config_.subscribed(false);
}

subscription::interface::behavior_type subscription::make_behavior() {
  self_->monitor(config_.subscriber);
  self_->set_down_handler([this](const caf::down_msg&) { self_->quit(); });
  line_ = std::make_shared<line>(
      subscribe_call(), config_.who,
      line::handlers{
          [this](protocol::varlink::reply x) { on_reply(std::move(x)); },
          [this] { leave(); },
          [this] { std::exchange(config_.subscribed, nullptr)(true); }});
  line_->give_room(batch_max - 1);
  // The hub handles messages in order. So this subscriber gets everything that
  // is announced after this message.
  self_->send(config_.hub, accepted{line_});
  return {[this](flush_atom) { on_flush(); }};
}

// Called within a write: the rest of the batch follows at once.
void subscription::on_reply(protocol::varlink::reply x) {
  if (!x.error.empty())
    return leave();
  if (x.notification)
    waiting_.push_back(to_face(std::move(*x.notification)));
  if (!busy_)
    wake();
}

// Called within handlers of other actors, where quit() would not end this
// actor.
void subscription::leave() {
  ended_ = true;
  wake();
}

void subscription::wake() {
  if (!std::exchange(flushing_, true))
    caf::anon_send(interface{self_}, flush_atom::value);
}

// Events that came before the end are still sent, but their answer is not
// awaited.
void subscription::on_flush() {
  flushing_ = false;
  flush();
  if (ended_)
    self_->quit();
}

void subscription::flush() {
  if (busy_ || waiting_.empty())
    return;
  busy_ = true;
  const auto count = waiting_.size();
  self_
      ->request(config_.subscriber, limits::executor_deadline,
                face::events{std::exchange(waiting_, {})})
      .then(
          [this, count](face::more_atom) {
            busy_ = false;
            line_->give_room(count);
            flush();
          },
          [this](const caf::error&) {
            log(severity::warning, name,
                "a subscriber of the application does not answer; it gets no "
                "more events");
            self_->quit();
          });
}

subscription_actor spawn_subscription(io_host& io, subscription_config config) {
  return spawn_hosted<subscription>(io, std::move(config));
}

} // namespace clearance::actors::embedding
