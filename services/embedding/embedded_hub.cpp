#include "services/embedding/embedded_hub.hpp"

#include "protocol/base/limits.hpp"
#include "services/embedding/subscription.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <memory>
#include <string>
#include <utility>

namespace clearance::actors::embedding {

namespace limits = protocol::limits;

namespace {

std::string message_of(const face::verdict& x) {
  std::string result;
  protocol::varlink::append_call(result, "org.terok.Clearance1.Verdict",
                                 {{"container", x.container},
                                  {"request_id", x.request_id},
                                  {"dest", x.dest},
                                  {"action", x.action}});
  return result;
}

face::verdict_result to_face(protocol::varlink::reply&& x) {
  face::verdict_result result;
  result.ok = x.error.empty();
  result.error = std::move(x.error);
  if (!result.ok)
    for (auto& each : x.parameters)
      result.fields.emplace_back(std::move(each.name), std::move(each.text));
  return result;
}

// The connection may outlive this actor, so it holds a handle of the actor and
// not `this`.
void defer(const embedded_hub_actor& whom, std::function<void()> what) {
  caf::anon_send(whom, deferred{std::make_shared<const std::function<void()>>(
                           std::move(what))});
}

} // namespace

embedded_hub::embedded_hub(self_type* self, embedded_hub_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

// The application gets an answer to each of its verdicts. The actor that asked
// the executor may still run. Then it answers its own client.
embedded_hub::~embedded_hub() {
  const auto ended = caf::make_error(caf::sec::request_receiver_down);
  for (auto& x : std::exchange(verdicts_, {}))
    settle(*x);
  for (auto& x : std::exchange(subscribing_, {}))
    x->deliver(ended);
  for (auto& x : std::exchange(calls_, {}))
    x->deliver(protocol::shield_outcome{
        false, "the hub ended before the verdict executor answered"});
  if (inner_)
    caf::anon_send_exit(inner_, caf::exit_reason::user_shutdown);
}

embedded_hub::interface::behavior_type embedded_hub::make_behavior() {
  auto inner = config_.inner;
  inner.executor = interface { self_ };
  inner_ = spawn_hub(*inner.io, inner);
  self_->monitor(inner_);
  self_->set_down_handler(
      [this](const caf::down_msg& x) { self_->quit(x.reason); });
  return {
      [this](const face::verdict& x) { return on_verdict(x); },
      [this](face::subscribe_atom, const face::subscriber& x) {
        return on_subscribe(x);
      },
      [this](report_atom) { self_->send(inner_, report_atom::value); },
      [](const deferred& x) { (*x.what)(); },
      [this](const protocol::shield_call& x) { return on_call(x); },
      // An application's executor has no words for more.
      [](abilities_atom) {
        return shield_abilities_answer{true, {}};
      },
  };
}

// The application gets an answer, whatever way the client's connection ends.
embedded_hub::verdict_promise embedded_hub::on_verdict(const face::verdict& x) {
  auto call = std::make_shared<verdict_call>();
  call->answer = self_->make_response_promise<face::verdict_result>();
  verdicts_.insert(call);
  auto ended = [this, me = interface{self_}, call] {
    defer(me, [this, call] {
      if (verdicts_.erase(call) > 0)
        settle(*call);
    });
  };
  call->client = std::make_shared<line>(message_of(x), config_.who,
                                        line::handlers{[call, ended](auto y) {
                                                         call->result = to_face(
                                                             std::move(y));
                                                         ended();
                                                       },
                                                       ended,
                                                       {}});
  self_->send(inner_, accepted{call->client});
  return call->answer;
}

void embedded_hub::settle(verdict_call& x) {
  if (x.result)
    x.answer.deliver(std::move(*x.result));
  else
    x.answer.deliver(caf::make_error(caf::sec::request_receiver_down));
  x.client->hang_up();
}

embedded_hub::subscribe_promise
embedded_hub::on_subscribe(const face::subscriber& x) {
  auto answer = std::make_shared<subscribe_promise>(
      self_->make_response_promise<face::subscribe_atom>());
  subscribing_.insert(answer);
  auto subscribed = [this, me = interface{self_}, answer](bool stands) {
    defer(me, [this, answer, stands] {
      if (subscribing_.erase(answer) == 0)
        return;
      if (stands)
        answer->deliver(face::subscribe_atom::value);
      else
        answer->deliver(caf::make_error(caf::sec::request_receiver_down));
    });
  };
  spawn_subscription(*config_.inner.io,
                     subscription_config{inner_, x, config_.who, subscribed});
  return *answer;
}

embedded_hub::shield_promise
embedded_hub::on_call(const protocol::shield_call& x) {
  auto answer = std::make_shared<shield_promise>(
      self_->make_response_promise<protocol::shield_outcome>());
  calls_.insert(answer);
  auto settle = [this, answer](protocol::shield_outcome y) {
    calls_.erase(answer);
    answer->deliver(std::move(y));
  };
  self_
      ->request(config_.executor, limits::executor_deadline,
                face::shield_call{x.action == protocol::action::allow,
                                  x.container, x.dest})
      .then(
          [settle](face::shield_result& y) {
            settle({y.ok, std::move(y.why)});
          },
          [settle](const caf::error&) {
            settle({false, "the verdict executor does not answer"});
          });
  return *answer;
}

embedded_hub_actor spawn_embedded_hub(io_host& io, embedded_hub_config config) {
  return spawn_hosted<embedded_hub>(io, std::move(config));
}

} // namespace clearance::actors::embedding
