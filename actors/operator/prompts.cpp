// What goes where:
//
//   registry --news_box---> prompt_table --changed--> prompt_feed, one
//                                ^                    for each client
//                                |                         |
//   session --operator_question--> decide               changes
//                                |                         v
//   registry <--execute, close_requests         operator_session
//
// The registry puts each batch into a box, after the batch was announced: what
// the table costs comes behind the events. Every handler looks into the box
// first. While nobody watches and no policy could decide, nothing else looks
// there until 64 KiB of events have come together. So a block costs a hub whose
// operators are away little, and a question still gets an exact answer. A batch
// is folded with the time at which it was announced. An operator's decision
// starts in the table, is executed by the registry, and ends in the table.
// Meanwhile the prompt is `deciding`, and its other open requests wait. When
// the decision was applied the registry closes them, and only then the client
// gets its reply. So every client that follows has `verdict_applied` before
// that.
//
// A client that watches pulls: it gets the next changes when its socket has
// taken the last ones. The feed merges what happens meanwhile.

#include "actors/operator/prompts.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "protocol/text/text.hpp"
#include "protocol/varlink/operator_reply.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <random>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace clearance::actors {

namespace operator_limits = protocol::operator_limits;
namespace varlink = protocol::varlink;
using protocol::event_type;
using execution = protocol::prompt_table::execution;

namespace {

std::string boot_or_random(const std::string& x) {
  return x.empty() ? new_boot_id() : x;
}

std::optional<protocol::event> read_event(const announced_event& x) {
  auto wire = x.wire();
  wire.remove_suffix(1);
  auto parsed = varlink::parse_reply(wire);
  auto* reply = std::get_if<varlink::reply>(&parsed);
  return reply == nullptr ? std::nullopt : std::move(reply->notification);
}

protocol::dossier dossier_of(const announced_event& x) {
  auto event = read_event(x);
  return event ? std::move(event->dossier) : protocol::dossier{};
}

std::string sanitised(std::string_view text) {
  std::string result;
  protocol::assign_sanitised(result, text);
  return result;
}

} // namespace

// 48 bits.
std::string new_boot_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::string result;
  for (int i = 0; i < 12; ++i)
    result += digits[source() % 16];
  return result;
}

protocol::decider decider_of(const peer& x, std::string label) {
  using kind = protocol::decider::kind;
  protocol::sanitise(label);
  return {x.application ? kind::application : kind::operator_client, x.uid,
          x.pid, x.command, std::move(label)};
}

prompts::prompts(self_type* self, prompts_config config)
    : self_(self),
      config_(std::move(config)),
      since_(config_.wall_clock()),
      policy_(std::make_shared<const protocol::policy>()),
      audit_state_(config_.audit.state),
      table_(boot_or_random(config_.boot), config_.limits),
      about_([this] { return dossier_of(*folded_); }),
      attended_at_(self->clock().now()),
      shown_(show_counters(config_.board, [this](protocol::counter_list& to) {
        // What is in the box counts the next time; see metrics_port.cpp. This
        // is no handler of ours: send() would use the execution unit of our
        // last one, which need not exist any more.
        if (!box_->empty())
          caf::anon_send(operators_actor{self_}, news_atom::value);
        add_counters(to);
      })) {
  table_.add(news_);
}

prompts::~prompts() {
  table_.remove(news_);
  for (auto& x : watchers_)
    table_.remove(*x.feed);
}

prompts::interface::behavior_type prompts::make_behavior() {
  self_->link_to(config_.hub);
  self_->set_down_handler(
      [this](const caf::down_msg& x) { on_down(x.source); });
  self_->send(config_.registry, attend{operators_actor{self_}, box_});
  is_past_known_ = !config_.audit.trail;
  past_due_ = self_->clock().now() + operator_limits::history_read_deadline;
  if (config_.audit.trail)
    self_->send(config_.audit.trail, audit_follow{operators_actor{self_}});
  return {
      [this](news_atom) { catch_up(); },
      [this](operator_question& x) { return on_question(x); },
      [this](const watching& x) { on_watching(x); },
      [this](const audit_state& x) {
        audit_state_ = x.text;
        tell_hub();
        serve();
      },
      [this](const past_decisions& x) { on_past(x); },
      [this](report_atom) { if_memory_allows([this] { on_report(); }); },
      [this](const policy_loaded& x) { insist([&] { on_policy(x); }); },
      [this](const pull& x) { on_pull(x); },
      [this](tick_atom) { on_tick(); },
  };
}

protocol::prompt_time prompts::now() const {
  return {self_->clock().now(), config_.wall_clock()};
}

// -- from the registry --------------------------------------------------------

// If memory is denied to the policy, it decides with the next news.
void prompts::catch_up(std::uint64_t until) {
  if (box_->empty())
    return;
  box_->take(
      until, [this](const news_box::batch& x) { on_batch(x); },
      [this](const verdict_executed& x) {
        if_memory_allows([&] { on_executed(x); });
      });
  serve();
}

void prompts::on_batch(const news_box::batch& x) {
  // The wall clock of the batch's own moment.
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(
      self_->clock().now() - x.at);
  const protocol::prompt_time at{x.at, config_.wall_clock() - passed.count()};
  subscribers_ = x.subscribers;
  const bool unattended = is_unattended(at.steady);
  auto evicted = x.evicted.begin();
  for (std::size_t i = 0; i < x.events->size(); ++i) {
    const auto& event = *x.events->at(i);
    x.events->look_ahead(i);
    table_.look_ahead(x.bound.subspan(i));
    fold(event, x.bound[i], at);
    // The block comes first: a prompt that it belongs to goes on, even if its
    // last open request had to make room.
    for (; evicted != x.evicted.end() && evicted->event == i; ++evicted)
      if_memory_allows([&] {
        table_.closed(event.container(), evicted->generation,
                      x.bound[i].container, at);
      });
  }
  judge_news(unattended);
}

// If memory is denied, this block is not seen.
void prompts::fold(const announced_event& x,
                   const protocol::bound_request& bound,
                   protocol::prompt_time at) {
  if (x.type() != event_type::connection_blocked)
    return if_memory_allows([&] { tell_event(x, at); });
  ++counters_.blocks;
  folded_ = &x;
  table_.block(
      {x.container(), x.domain(), x.dest(), x.port(), x.proto(), bound}, about_,
      at);
}

void prompts::tell_event(const announced_event& x, protocol::prompt_time at) {
  const auto event = read_event(x);
  if (!event)
    return;
  table_.lifecycle(*event, at);
  for (auto& each : watchers_)
    each.feed->add(*event);
}

void prompts::on_executed(const verdict_executed& x) {
  protocol::decision made;
  made.action = x.action;
  made.by = decider_of(x.by, {});
  made.result = x.outcome.ok ? protocol::decision_result::applied
                             : protocol::decision_result::failed;
  made.error = sanitised(x.outcome.stderr_text);
  remember(table_.executed(x.container, x.request, std::move(made), now()));
  judge_news(false);
}

// -- questions ----------------------------------------------------------------

prompts::answer_promise prompts::on_question(operator_question& x) {
  auto promise = self_->make_response_promise<operator_answer>();
  try {
    catch_up();
    std::visit(
        [&](auto& call) {
          using type = std::decay_t<decltype(call)>;
          if constexpr (std::is_same_v<type, varlink::decide_call>)
            decide(call, x.by, promise);
          else if constexpr (std::is_same_v<type, varlink::history_call>)
            answer_history(call, promise);
          else if constexpr (
              !std::is_same_v<
                  type,
                  varlink::
                      watch_call> && !std::is_same_v<type, varlink::lost_call>) {
            promise.deliver(operator_answer{answer(call)});
            ask_shield();
          }
        },
        x.what);
  } catch (const std::exception&) {
    // If the promise has its answer, this one goes nowhere.
    insist([&] { promise.deliver(operator_answer{}); });
  }
  serve();
  return promise;
}

std::string prompts::answer(const varlink::list_call& x) {
  table_.expire(now());
  return varlink::list_reply(table_, x.container, shield_);
}

std::string prompts::answer(const varlink::quiet_call& x) {
  return table_.quiet(x.container, x.on)
             ? varlink::empty_reply()
             : varlink::invalid_parameter("container");
}

std::string prompts::answer(const varlink::explain_call& x) const {
  const auto when = circumstances();
  if (!x.prompt.empty()) {
    const auto* known = table_.find(x.prompt);
    if (known == nullptr)
      return varlink::no_such_prompt(x.prompt);
    return varlink::explain_reply(
        explain(*policy_, table_.question_of(*known), when));
  }
  if (x.target.empty())
    return varlink::invalid_parameter("target");
  std::vector<protocol::ip_address> addresses;
  for (const auto& text : x.addresses) {
    auto address = protocol::parse_ip_address(text);
    if (!address)
      return varlink::invalid_parameter("addresses");
    addresses.push_back(*address);
  }
  protocol::policy_question asked;
  asked.container = x.container;
  asked.dossier = x.dossier;
  if (auto address = protocol::parse_ip_address(x.target))
    addresses = {*address};
  else
    asked.domain = x.target;
  asked.addresses = addresses;
  asked.ports = x.ports;
  protocol::flag_facts facts;
  facts.domain = asked.domain;
  facts.addresses = asked.addresses;
  asked.flags = find_flags(facts);
  return varlink::explain_reply(explain(*policy_, asked, when));
}

std::string prompts::answer(const varlink::rules_call&) const {
  return varlink::rules_reply(*policy_, policy_state_);
}

// -- decisions ----------------------------------------------------------------

void prompts::decide(const varlink::decide_call& x, const peer& by,
                     answer_promise promise, bool asked) {
  auto refuse = [&](std::string_view why, std::string reply) {
    ++counters_.refused;
    note_refusal(x, by, why);
    promise.deliver(operator_answer{std::move(reply)});
  };
  const auto action = protocol::parse_action(x.action);
  if (!action)
    return refuse("InvalidAction", varlink::invalid_action(x.action));
  if (x.revision < 0)
    return refuse("InvalidParameter", varlink::invalid_parameter("revision"));
  if (x.seconds && !is_shield_known_ && !asked) {
    ask_shield([this, x, by, promise]() mutable {
      try {
        decide(x, by, promise, true);
      } catch (const std::exception&) {
        insist([&] { promise.deliver(operator_answer{}); });
      }
      serve();
    });
    return;
  }
  if (x.seconds && (*action == protocol::action::deny || !shield_.seconds))
    return refuse("ScopeNotSupported", varlink::scope_not_supported("seconds"));
  if (x.seconds
      && (*x.seconds < 1 || *x.seconds > operator_limits::scope_max_seconds))
    return refuse("InvalidParameter", varlink::invalid_parameter("scope"));
  protocol::prompt_table::wish wish;
  wish.seconds = x.seconds;
  wish.what = *action;
  wish.by = decider_of(by, x.name);
  wish.reason = sanitised(x.reason);
  auto result = table_.start(x.prompt, static_cast<std::uint64_t>(x.revision),
                             std::move(wish), now());
  using table = protocol::prompt_table;
  if (std::holds_alternative<table::no_such_prompt>(result))
    return refuse("NoSuchPrompt", varlink::no_such_prompt(x.prompt));
  if (auto* changed = std::get_if<table::prompt_changed>(&result))
    return refuse("PromptChanged", varlink::prompt_changed(*changed->current,
                                                           x.prompt, shield_));
  if (auto* already = std::get_if<table::already_decided>(&result))
    return refuse("AlreadyDecided", varlink::already_decided(*already->by));
  const auto& started = std::get<table::decision_started>(result);
  const auto number = started.what->number;
  const auto request = started.request;
  try {
    const auto made = *started.what->decision;
    run(made, request, by, x.seconds.value_or(0),
        [this, number, made, promise](const executed& y) {
          decided(number, made, y, promise);
        });
  } catch (const std::exception&) {
    table_.finish(number, execution::failed, {}, now());
    throw;
  }
}

void prompts::run(const protocol::decision& made,
                  const protocol::request_ref& request, const peer& by,
                  std::int64_t seconds,
                  const std::function<void(const executed&)>& then) {
  ask(executing_,
      execute{made.container, request, made.action, by, made.rule,
              std::make_shared<const protocol::decision>(made), seconds},
      [this, then](const executed* x) {
        if (x == nullptr)
          return then({execution::failed, "the registry does not answer"});
        catch_up(x->after);
        if (x->how == execution::applied)
          ask_shield(); // it can be reached now
        then(*x);
      });
}

template <class Answer, class Request>
void prompts::ask(pending_answers<Answer>& pending, Request x,
                  typename pending_answers<Answer>::handler then) {
  const auto at = self_->clock().now();
  const auto number = pending.add(at, std::move(then));
  try {
    wake_at(pending.next(), at);
    auto answer = [&pending, number](const Answer* y) {
      if (const auto f = pending.take(number))
        f(y);
    };
    self_->request(config_.registry, caf::infinite, std::move(x))
        .then([answer](const Answer& y) { answer(&y); },
              [answer](const caf::error&) { answer(nullptr); });
  } catch (...) {
    pending.take(number);
    throw;
  }
}

// A safety net: the registry answers earlier.
void prompts::expire_requests(protocol::time_point at) {
  executing_.expire(at);
  closing_.expire(at);
  wake_at(std::min(executing_.next(), closing_.next()), at);
}

// Memory that is denied here costs the client its connection: the decision is
// made.
void prompts::decided(std::uint64_t number, protocol::decision made,
                      const executed& how, const answer_promise& promise) {
  auto answer = [promise](std::string reply) {
    auto to = promise;
    insist([&] { to.deliver(operator_answer{reply}); });
  };
  try {
    auto others = end_decision(number, made, how);
    auto reply = outcome_of(number, made, how);
    judge_news(false);
    close_others(made, std::move(others), [answer, reply] { answer(reply); });
  } catch (const std::exception&) {
    answer({});
  }
}

// Returns the open requests that the decision answers, too.
std::vector<protocol::request_ref>
prompts::end_decision(std::uint64_t number, protocol::decision& made,
                      const executed& how) {
  const auto why = sanitised(how.why);
  auto end = table_.finish(number, how.how, why, now());
  if (end.what != nullptr && end.what->decision)
    made = *end.what->decision;
  made.result = how.how == execution::applied
                    ? protocol::decision_result::applied
                    : protocol::decision_result::failed;
  if (how.how != execution::applied)
    made.error = why;
  ++(how.how == execution::applied ? counters_.applied : counters_.failed);
  if (how.how != execution::changed)
    remember(made);
  serve();
  return std::move(end.to_close);
}

void prompts::close_others(const protocol::decision& made,
                           std::vector<protocol::request_ref> requests,
                           const std::function<void()>& then) {
  if (requests.empty())
    return then();
  try {
    ask(closing_,
        close_requests{made.container, std::move(requests), made.action},
        [then](const requests_closed*) { then(); });
  } catch (const std::exception&) {
    then(); // they stay open
  }
}

std::string prompts::outcome_of(std::uint64_t number,
                                const protocol::decision& made,
                                const executed& how) const {
  switch (how.how) {
  case execution::applied:
    return varlink::decide_reply(made);
  case execution::failed:
    return varlink::decision_failed(made);
  case execution::changed:
    break;
  }
  const auto* known = table_.find(number);
  if (known == nullptr || known->state == protocol::prompt_state::gone)
    return varlink::no_such_prompt(made.prompt);
  return varlink::prompt_changed(*known, made.prompt, shield_);
}

// -- and the rest -------------------------------------------------------------

void prompts::on_report() {
  catch_up();
  protocol::counter_list all;
  add_counters(all);
  log_counters(name, all);
}

prompts_actor spawn_prompts(io_host& io, prompts_config config) {
  return spawn_hosted<prompts>(io, std::move(config));
}

std::function<operators_actor(operators_place)>
operators_with(prompts_config config) {
  return [config = std::move(config)](operators_place x) {
    auto mine = config;
    mine.io = x.io;
    mine.registry = std::move(x.registry);
    mine.executor = std::move(x.executor);
    mine.hub = std::move(x.hub);
    mine.audit = std::move(x.audit);
    mine.board = std::move(x.board);
    return operators_actor{spawn_prompts(*x.io, std::move(mine))};
  };
}

} // namespace clearance::actors
