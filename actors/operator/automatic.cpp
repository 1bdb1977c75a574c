// The policy's part of the prompts:
//
//   a prompt is new or changed --.
//   the policy was loaded --------> judge --ask---> it waits for a person
//                                     |---deny--> left_denied: its open
//                                     requests |           are closed, nothing
//                                     is executed
//                                     '---allow-> automatic_ --> as an
//                                     operator's
//
// An automatic deny executes nothing, because the firewall denies already. An
// automatic allow is looked at again when its turn comes: meanwhile the prompt
// or the policy may have changed. One that fails leaves the prompt to a person.

#include "actors/base/log.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>
#include <variant>

namespace clearance::actors {

namespace operator_limits = protocol::operator_limits;
using protocol::policy_action;
using protocol::prompt_state;
using execution = protocol::prompt_table::execution;

void prompts::news_of_prompts::changed(const protocol::prompt& x,
                                       bool is_urgent) {
  if (!is_on || !is_urgent || x.state != prompt_state::waiting)
    return;
  try {
    numbers.push_back(x.number);
  } catch (const std::bad_alloc&) {
    has_missed = true;
  }
}

void prompts::news_of_prompts::add_all(const protocol::prompt_table& of) {
  const protocol::prompt* each = nullptr;
  for (std::uint64_t n = 0; (each = of.next_after(n)) != nullptr;
       n = each->number)
    changed(*each, true);
}

protocol::policy_circumstances prompts::circumstances() const {
  return {shield_, std::chrono::sys_seconds{
                       std::chrono::seconds{config_.wall_clock() / 1'000'000}}};
}

void prompts::on_policy(const policy_loaded& x) {
  catch_up();
  policy_state_ = x.state;
  note_load(x);
  const bool is_good = x.rules != nullptr;
  has_policy_ = true;
  policy_is_valid_ = is_good;
  speaks_of_policy_ = x.is_logged;
  if (x.is_logged)
    log(is_good ? severity::info : severity::warning, name,
        is_good ? "the policy is in force"
                : "the policy could not be loaded, the one of before stays in "
                  "force",
        {{"state", protocol::escaped(x.state)},
         {"rules", std::to_string(is_good ? x.rules->rules.size()
                                          : policy_->rules.size())}});
  policy_reminder_ = self_->clock().now() + operator_limits::policy_reminder;
  remind_of_policy();
  if (is_good) {
    policy_ = x.rules;
    news_.is_on = true;
    table_.forget_failures();
    news_.add_all(table_);
    judge_news(false);
    news_.is_on = !policy_->rules.empty()
                  || policy_->fallback != policy_action::ask
                  || policy_->unattended != protocol::unattended_blocks::queue;
    set_eager();
    if (news_.is_on)
      ask_shield();
  }
  tell_hub();
  serve();
}

// Each time, so that the timer goes on.
void prompts::remind_of_policy() {
  if (policy_is_valid_ || !speaks_of_policy_)
    return;
  const auto at = self_->clock().now();
  if (at >= policy_reminder_) {
    policy_reminder_ = at + operator_limits::policy_reminder;
    log(severity::warning, name,
        "the policy can still not be loaded, the one of before is in force; "
        "correct the file and send SIGHUP",
        {{"state", protocol::escaped(policy_state_)}});
  }
  wake_at(policy_reminder_, at);
}

// Also notes that somebody attends.
bool prompts::is_unattended(protocol::time_point at) {
  const bool attended = subscribers_ > 0
                        || std::any_of(watchers_.begin(), watchers_.end(),
                                       [](const auto& x) { return x.attends; });
  if (attended)
    attended_at_ = at;
  return at - attended_at_ >= operator_limits::unattended_after;
}

// Ends: what judge() changes is judged the same the second time. If memory is
// denied, all that waits is judged with the next news.
void prompts::judge_news(bool is_unattended) {
  try {
    if (std::exchange(news_.has_missed, false))
      news_.add_all(table_);
    while (!news_.numbers.empty()) {
      const auto number = news_.numbers.front();
      news_.numbers.pop_front();
      judge(number, is_unattended);
    }
    allow_automatically();
  } catch (const std::bad_alloc&) {
    news_.has_missed = true;
  }
}

void prompts::judge(std::uint64_t number, bool is_unattended) {
  const auto* x = table_.find(number);
  if (x == nullptr || x->state != prompt_state::waiting)
    return;
  auto question = table_.question_of(*x);
  // The policy means blocks that arrived since then. A prompt that waited
  // before and changes for another reason still waits for a person.
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(
      self_->clock().now() - attended_at_ - operator_limits::unattended_after);
  question.unattended =
      is_unattended && x->last_seen >= config_.wall_clock() - since.count();
  const auto ruling = protocol::decide(*policy_, question, circumstances());
  table_.apply(number, ruling, now());
  switch (ruling.action) {
  case policy_action::ask:
    break;
  case policy_action::deny:
    leave_denied(number, ruling.rule == nullptr ? "" : ruling.rule->name);
    break;
  case policy_action::allow:
    wait_for_turn(number);
    break;
  }
}

void prompts::wait_for_turn(std::uint64_t number) {
  const auto* x = table_.find(number);
  if (x == nullptr)
    return;
  const auto& container = x->container->name;
  // What was decided or forgotten meanwhile is still in the queue.
  if (automatic_.add(number, container) > 2 * config_.limits.per_container)
    automatic_.keep(container, [this](std::uint64_t each) {
      const auto* y = table_.find(each);
      return y != nullptr && y->state == prompt_state::waiting;
    });
}

void prompts::leave_denied(std::uint64_t number, const std::string& rule) {
  auto end = table_.leave_denied(number, rule, now());
  if (end.what == nullptr || !end.what->decision)
    return;
  ++counters_.left_denied;
  const auto made = *end.what->decision;
  remember(made);
  note_left_denied(made);
  close_others(made, std::move(end.to_close), [] {
    // nop: nobody waits for it
  });
}

// Starts as many as may run. A prompt is looked at again when its turn comes.
void prompts::allow_automatically() {
  using table = protocol::prompt_table;
  const auto at = self_->clock().now();
  while (automatic_running_ < operator_limits::automatic_executions_max) {
    const auto next = automatic_.take(at);
    if (!next)
      break;
    const auto number = next->prompt;
    const auto* x = table_.find(number);
    protocol::policy_ruling ruling;
    if (x != nullptr && x->state == prompt_state::waiting)
      ruling =
          protocol::decide(*policy_, table_.question_of(*x), circumstances());
    if (ruling.action != policy_action::allow)
      continue;
    table::wish wish;
    wish.what = protocol::action::allow;
    wish.by.what = protocol::decider::kind::policy;
    wish.rule = ruling.rule->name;
    auto result = table_.start(number, std::move(wish), now());
    const auto* started = std::get_if<table::decision_started>(&result);
    if (started == nullptr)
      continue;
    try {
      execute_automatically(number, *started->what->decision, started->request);
    } catch (const std::exception&) {
      table_.finish(number, execution::failed, {}, now());
      table_.automatic_failed(number);
      throw;
    }
    ++automatic_running_;
    automatic_.began(next->container, at);
  }
  wake_at(automatic_.due(), at);
}

void prompts::execute_automatically(std::uint64_t number,
                                    const protocol::decision& made,
                                    const protocol::request_ref& request) {
  run(made, request, {}, 0, [this, number, made](const executed& how) {
    --automatic_running_;
    auto end = made;
    auto others = end_decision(number, end, how);
    if (how.how == execution::applied)
      ++counters_.allowed_automatically;
    else
      table_.automatic_failed(number);
    close_others(end, std::move(others), [] {
      // nop: nobody waits for it
    });
    judge_news(false);
    serve();
  });
}

} // namespace clearance::actors
