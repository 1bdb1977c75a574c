#include "services/embedding/prompt_subscription.hpp"

#include "actors/base/log.hpp"
#include "protocol/base/limits.hpp"
#include "services/embedding/prompt_messages.hpp"

#include <caf/send.hpp>

#include <utility>

namespace clearance::actors::embedding {

namespace {

// Replies that are taken before the watcher has answered. One may be a page of
// the snapshot.
constexpr std::size_t replies_max = 16;

} // namespace

prompt_subscription::prompt_subscription(self_type* self,
                                         prompt_subscription_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

prompt_subscription::~prompt_subscription() {
  if (line_)
    line_->hang_up();
  if (config_.watched)
    config_.watched(false);
}

prompt_subscription::interface::behavior_type
prompt_subscription::make_behavior() {
  self_->monitor(config_.watcher);
  self_->set_down_handler([this](const caf::down_msg&) { self_->quit(); });
  line_ = std::make_shared<line>(
      watch_message(), config_.who,
      line::handlers{[this](const protocol::varlink::reply& x) { on_reply(x); },
                     [this] { leave(); },
                     [this] {
                       if (auto watched =
                               std::exchange(config_.watched, nullptr))
                         watched(true);
                     }});
  line_->give_room(replies_max - 1);
  self_->send(config_.hub, accepted{line_});
  return {[this](flush_atom) { on_flush(); }};
}

// Called within a write, as in subscription.cpp.
void prompt_subscription::on_reply(const protocol::varlink::reply& x) {
  if (!x.error.empty())
    return leave();
  ++replies_;
  if (add_changes(waiting_, x) || !std::exchange(has_begun_, true))
    waiting_.fresh = true;
  if (!busy_)
    wake();
}

void prompt_subscription::leave() {
  ended_ = true;
  wake();
}

void prompt_subscription::wake() {
  if (!std::exchange(flushing_, true))
    caf::anon_send(interface{self_}, flush_atom::value);
}

void prompt_subscription::on_flush() {
  flushing_ = false;
  flush();
  if (ended_)
    self_->quit();
}

// Replies about the hub, and events, bring nothing to the watcher.
void prompt_subscription::flush() {
  if (busy_ || replies_ == 0)
    return;
  const auto count = std::exchange(replies_, 0);
  if (!waiting_.fresh && waiting_.list.empty() && waiting_.removed.empty())
    return line_->give_room(count);
  busy_ = true;
  self_
      ->request(config_.watcher, protocol::limits::executor_deadline,
                std::exchange(waiting_, {}))
      .then(
          [this, count](face::more_atom) {
            busy_ = false;
            line_->give_room(count);
            flush();
          },
          [this](const caf::error&) {
            log(severity::warning, name,
                "a prompt watcher of the application does not answer; it gets "
                "no more prompts");
            self_->quit();
          });
}

subscription_actor
spawn_prompt_subscription(io_host& io, prompt_subscription_config config) {
  return spawn_hosted<prompt_subscription>(io, std::move(config));
}

} // namespace clearance::actors::embedding
