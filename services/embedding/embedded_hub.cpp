#include "services/embedding/embedded_hub.hpp"

#include "actors/base/error.hpp"
#include "protocol/base/limits.hpp"
#include "services/embedding/prompt_messages.hpp"
#include "services/embedding/prompt_subscription.hpp"
#include "services/embedding/subscription.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <memory>
#include <string>
#include <utility>

namespace clearance::actors::embedding {

namespace limits = protocol::limits;

namespace {

constexpr auto without_prompts = "the hub keeps no prompts";

std::string message_of(const face::verdict& x) {
  std::string result;
  protocol::varlink::append_call(result, "org.terok.Clearance1.Verdict",
                                 {{"container", x.container},
                                  {"request_id", x.request_id},
                                  {"dest", x.dest},
                                  {"action", x.action}});
  return result;
}

caf::expected<face::verdict_result>
verdict_in(const protocol::varlink::reply& x) {
  face::verdict_result result;
  result.ok = x.error.empty();
  result.error = x.error;
  if (!result.ok)
    for (const auto& each : x.parameters)
      result.fields.emplace_back(each.name, each.text);
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

// The application gets an answer to each of its messages. The actor that asked
// the executor may still run. Then it answers its own client.
embedded_hub::~embedded_hub() {
  const auto ended = caf::make_error(caf::sec::request_receiver_down);
  for (auto& x : std::exchange(asked_, {}))
    settle(*x);
  for (auto& x : std::exchange(subscribing_, {}))
    x->deliver(ended);
  for (auto& x : std::exchange(watching_, {}))
    x->deliver(ended);
  for (auto& x : std::exchange(loads_, {}))
    x.answer.deliver(ended);
  for (auto& x : std::exchange(calls_, {}))
    x->deliver(protocol::shield_outcome{
        false, "the hub ended before the verdict executor answered"});
  if (inner_)
    caf::anon_send_exit(inner_, caf::exit_reason::user_shutdown);
}

embedded_hub::interface::behavior_type embedded_hub::make_behavior() {
  auto inner = config_.inner;
  inner.executor = interface { self_ };
  keep_operators(inner);
  inner_ = spawn_hub(*inner.io, inner);
  self_->monitor(inner_);
  self_->set_down_handler(
      [this](const caf::down_msg& x) { self_->quit(x.reason); });
  return {
      [this](const face::verdict& x) { return ask(message_of(x), verdict_in); },
      [this](face::subscribe_atom, const face::subscriber& x) {
        return on_subscribe(x);
      },
      [this](face::watch_atom, const face::prompt_watcher& x) {
        return on_watch(x);
      },
      [this](const face::list_prompts& x) {
        return ask(message_of(x), prompts_in);
      },
      [this](const face::decision& x) {
        return ask(message_of(x), verdict_in);
      },
      [this](const face::quiet& x) { return ask(message_of(x), verdict_in); },
      [this](const face::history& x) {
        return ask(message_of(x), decisions_in);
      },
      [this](const face::question& x) {
        return ask(message_of(x), explanation_in);
      },
      [this](const face::policy_source& x) { return on_load(x); },
      [this](face::reload_atom) { return on_reload(); },
      [this](const face::list_rules&) { return rules_in_force(); },
      [this](report_atom) { self_->send(inner_, report_atom::value); },
      [](const deferred& x) { (*x.what)(); },
      [this](const protocol::shield_call& x) { return on_call(x); },
      // An application's executor has no words for more.
      [](abilities_atom) {
        return shield_abilities_answer{true, {}};
      },
  };
}

template <class Result>
caf::typed_response_promise<Result> embedded_hub::ask(
    std::string message,
    caf::expected<Result> (*read)(const protocol::varlink::reply&)) {
  auto promise = self_->make_response_promise<Result>();
  auto call = std::make_shared<client_call>();
  call->answer = [promise, read](
                     const std::optional<protocol::varlink::reply>& x) mutable {
    if (!x) {
      promise.deliver(caf::make_error(caf::sec::request_receiver_down));
      return;
    }
    auto result = read(*x);
    if (result)
      promise.deliver(std::move(*result));
    else
      promise.deliver(std::move(result.error()));
  };
  start(std::move(message), std::move(call));
  return promise;
}

// The application gets an answer, whatever way the client's connection ends.
void embedded_hub::start(std::string message,
                         std::shared_ptr<client_call> call) {
  asked_.insert(call);
  auto ended = [this, me = interface{self_}, call] {
    defer(me, [this, call] {
      if (asked_.erase(call) > 0)
        settle(*call);
    });
  };
  call->client = std::make_shared<line>(std::move(message), config_.who,
                                        line::handlers{[call, ended](auto y) {
                                                         call->reply =
                                                             std::move(y);
                                                         ended();
                                                       },
                                                       ended,
                                                       {}});
  self_->send(inner_, accepted{call->client});
}

void embedded_hub::settle(client_call& x) {
  x.answer(std::move(x.reply));
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

embedded_hub::watch_promise
embedded_hub::on_watch(const face::prompt_watcher& x) {
  auto answer = std::make_shared<watch_promise>(
      self_->make_response_promise<face::watch_atom>());
  watching_.insert(answer);
  auto watched = [this, me = interface{self_}, answer](bool stands) {
    defer(me, [this, answer, stands] {
      if (watching_.erase(answer) == 0)
        return;
      if (stands)
        answer->deliver(face::watch_atom::value);
      else
        answer->deliver(caf::make_error(caf::sec::request_receiver_down));
    });
  };
  spawn_prompt_subscription(
      *config_.inner.io,
      prompt_subscription_config{inner_, x, config_.who, watched});
  return *answer;
}

// -- the policy ---------------------------------------------------------------

// The inner hub starts its operators. They get the policy that was loaded
// before, and this actor remembers them.
void embedded_hub::keep_operators(hub_config& inner) {
  keeps_prompts_ = static_cast<bool>(inner.spawn_operators);
  if (!keeps_prompts_)
    return;
  policy_loaded first;
  if (!is_empty(config_.policy)) {
    first = config_.first.what;
    in_force_ = first.rules;
    policy_state_ = first.state;
  }
  inner.spawn_operators =
      [this, me = interface{self_}, first,
       spawn = std::move(inner.spawn_operators)](operators_place x) {
        auto result = spawn(std::move(x));
        auto prompts = caf::actor_cast<prompts_actor>(result);
        if (!first.state.empty())
          caf::anon_send(prompts, first);
        defer(me, [this, prompts] {
          operators_ = prompts;
          if (!untold_.state.empty())
            self_->send(operators_, std::exchange(untold_, {}));
        });
        return result;
      };
}

embedded_hub::load_promise
embedded_hub::on_load(std::optional<face::policy_source> source) {
  auto result = self_->make_response_promise<face::policy_status>();
  if (!keeps_prompts_) {
    result.deliver(make_error(errc::bad_argument, without_prompts));
    return result;
  }
  loads_.push_back({std::move(source), result});
  if (loads_.size() == 1)
    load_next();
  return result;
}

embedded_hub::load_promise embedded_hub::on_reload() {
  if (config_.reopen_audit)
    config_.reopen_audit();
  return on_load(std::nullopt);
}

// One at a time, so that the one that was asked for last is in force at the
// end.
void embedded_hub::load_next() {
  const auto& wanted = loads_.front().source;
  config_.load(wanted ? *wanted : config_.policy,
               [this, me = interface{self_}](policy_load x) {
                 defer(me, [this, x = std::move(x)] { on_loaded(x); });
               });
}

void embedded_hub::on_loaded(const policy_load& x) {
  auto done = std::move(loads_.front());
  loads_.pop_front();
  auto status = x.status;
  policy_state_ = x.what.state;
  if (status.ok) {
    in_force_ = x.what.rules;
    if (done.source)
      config_.policy = *std::move(done.source);
  } else if (in_force_ != nullptr) {
    status.rules = static_cast<std::int64_t>(in_force_->rules.size());
  }
  if (operators_)
    self_->send(operators_, x.what);
  else
    untold_ = x.what;
  done.answer.deliver(std::move(status));
  if (!loads_.empty())
    load_next();
}

caf::result<face::rules> embedded_hub::rules_in_force() const {
  if (!keeps_prompts_)
    return make_error(errc::bad_argument, without_prompts);
  face::rules result;
  result.state = policy_state_;
  if (in_force_ != nullptr)
    for (const auto& each : in_force_->rules)
      result.list.push_back(to_face(each));
  return result;
}

// -- the executor -------------------------------------------------------------

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
