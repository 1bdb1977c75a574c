// How prompts are decided, by operators and by the policy.

#include "protocol/operator/prompt_rules.hpp"
#include "protocol/operator/prompt_table.hpp"

#include <new>
#include <utility>

namespace clearance::protocol {

// -- decisions ----------------------------------------------------------------

prompt_table::start_result prompt_table::start(std::string_view id,
                                               std::uint64_t revision, wish x,
                                               prompt_time now) {
  impl_->expire(now.steady);
  const auto* known = find(id);
  if (known == nullptr)
    return no_such_prompt{};
  if (known->state == prompt_state::waiting && x.what == action::allow
      && known->revision != revision)
    return prompt_changed{known};
  return start(known->number, std::move(x), now);
}

prompt_table::start_result prompt_table::start(std::uint64_t number, wish x,
                                               prompt_time now) {
  auto* known = impl_->find(number);
  if (known == nullptr)
    return no_such_prompt{};
  return impl_->begin(*known, std::move(x), now);
}

prompt_table::start_result prompt_table::impl::begin(prompt_entry& x, wish y,
                                                     prompt_time now) {
  switch (x.state) {
  case prompt_state::gone:
    return no_such_prompt{};
  case prompt_state::deciding:
  case prompt_state::decided:
    return already_decided{&*x.decision};
  case prompt_state::waiting:
    break;
  }
  // If memory is denied to this, nothing has changed.
  x.decision =
      protocol::decision{.seq = ++last_decision,
                         .prompt = boot + "-" + std::to_string(x.number),
                         .action = y.what,
                         .by = std::move(y.by),
                         .at = now.wall,
                         .reason = std::move(y.reason),
                         .rule = std::move(y.rule),
                         .result = decision_result::pending,
                         .error = {},
                         .until = {},
                         .waited = now.wall - x.first_seen,
                         .shown = {},
                         .container = x.container->name,
                         .target = x.target};
  x.state = prompt_state::deciding;
  x.seconds = y.seconds;
  x.deciding = newest_request(x);
  notify(x, true);
  return decision_started{&x, x.deciding};
}

prompt_table::finished prompt_table::finish(std::uint64_t number, execution how,
                                            std::string error,
                                            prompt_time now) {
  auto* x = impl_->find(number);
  if (x == nullptr || x->state != prompt_state::deciding)
    return {};
  auto& made = *x->decision;
  const auto request = std::exchange(x->deciding, {});
  if (how == execution::applied) {
    made.result = decision_result::applied;
    if (x->seconds)
      made.until = now.wall + *x->seconds * 1'000'000;
    impl_->detach(*x, request.generation);
    return impl_->conclude(*x, now);
  }
  made.result = decision_result::failed;
  made.error = std::move(error);
  if (how == execution::changed)
    impl_->detach(*x, request.generation);
  x->state = prompt_state::waiting;
  if (x->requests == 0)
    impl_->forget(*x, now);
  else
    impl_->settle(*x, true, now);
  return {impl_->find(number), {}};
}

prompt_table::finished prompt_table::leave_denied(std::uint64_t number,
                                                  std::string rule,
                                                  prompt_time now) {
  auto* x = impl_->find(number);
  if (x == nullptr || x->state != prompt_state::waiting)
    return {};
  wish y;
  y.by.what = decider::kind::policy;
  y.rule = std::move(rule);
  impl_->begin(*x, std::move(y), now);
  x->decision->result = decision_result::left_denied;
  return impl_->conclude(*x, now);
}

prompt_table::finished prompt_table::impl::conclude(prompt_entry& x,
                                                    prompt_time now) {
  finished result;
  const auto& all = x.owner->requests;
  try {
    result.to_close.reserve(x.requests);
    for (auto at = all.size(); result.to_close.size() < x.requests;)
      if (all[--at].owner == &x)
        result.to_close.push_back(all[at].what);
  } catch (const std::bad_alloc&) {
    result.to_close.clear(); // they stay open: nobody is asked about them
  }
  detach_all(x);
  x.state = prompt_state::decided;
  ++x.revision;
  const auto number = x.number;
  if (finish(x, now.steady))
    settle(x, true, now);
  result.what = find(number);
  return result;
}

void prompt_table::number_decisions_behind(std::uint64_t last) noexcept {
  impl_->last_decision += last;
}

// -- policy and operators -----------------------------------------------------

policy_question prompt_table::question_of(const prompt& x) const {
  return {.container = x.container->name,
          .dossier = x.container->dossier,
          .domain = x.domain,
          .addresses = x.addresses,
          .ports = x.ports,
          .more_ports = x.more_ports,
          .flags = x.flags};
}

void prompt_table::apply(std::uint64_t number, const policy_ruling& x,
                         prompt_time now) {
  auto* y = impl_->find(number);
  if (y == nullptr || !y->is_open())
    return;
  const std::string rule = x.rule == nullptr ? "" : x.rule->name;
  const bool quiet = y->owner->is_quiet || x.quiet;
  y->is_ruled_quiet = x.quiet;
  if (y->rule == rule && y->quiet == quiet)
    return;
  if (std::exchange(y->rule, rule) != rule)
    ++y->revision;
  y->quiet = quiet;
  impl_->settle(*y, true, now);
}

void prompt_table::forget_failures() {
  impl_->for_each([&](prompt_entry& x) {
    if (x.is_open())
      impl_->set_failed(x, false);
  });
}

void prompt_table::automatic_failed(std::uint64_t number) {
  auto* x = impl_->find(number);
  if (x != nullptr && x->is_open())
    impl_->set_failed(*x, true);
}

void prompt_table::impl::set_failed(prompt_entry& x, bool failed) {
  x.has_failed_automatically = failed;
  if (!find_new_flags(x))
    return;
  ++x.revision;
  notify(x, true);
}

bool prompt_table::quiet(std::string_view container, bool on) {
  auto* known = impl_->find_holder(container);
  if (known == nullptr
      && (!on
          || impl_->quiet_holders() >= operator_limits::quiet_containers_max))
    return !on;
  auto& owner = impl_->hold(container);
  owner.is_quiet = on;
  for (auto number : owner.open) {
    auto& x = *impl_->find(number);
    const bool quiet = on || x.is_ruled_quiet;
    if (std::exchange(x.quiet, quiet) != quiet)
      impl_->notify(x, true);
  }
  impl_->drop_if_empty(owner);
  return true;
}

} // namespace clearance::protocol
