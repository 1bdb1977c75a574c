#include "protocol/operator/older_hub.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/operator/flags.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/operator/name.hpp"
#include "protocol/operator/policy.hpp"

#include <algorithm>
#include <vector>

namespace clearance::protocol {

namespace {

template <class T>
bool add_once(std::vector<T>& to, const T& x, std::size_t max) {
  if (std::find(to.begin(), to.end(), x) != to.end())
    return true;
  if (to.size() >= max)
    return false;
  to.push_back(x);
  return true;
}

std::vector<std::string> flags_of(const listed_prompt& x) {
  std::vector<ip_address> addresses;
  flag_facts facts;
  for (const auto& each : x.addresses)
    if (auto address = parse_ip_address(each))
      addresses.push_back(*address);
    else
      facts.has_odd_address |= !each.empty();
  facts.domain = x.domain;
  facts.addresses = addresses;
  std::vector<std::string> result;
  for (auto word : find_flags(facts).words())
    result.emplace_back(word);
  return result;
}

} // namespace

watch_reply older_hub::take(const event& x, std::int64_t now) {
  watch_reply result;
  switch (x.type) {
  case event_type::connection_blocked:
    if (!is_cut_container(x.container))
      take_block(result, x, now);
    break;
  case event_type::verdict_applied:
    take_verdict(result, x, now);
    break;
  case event_type::container_exited:
  case event_type::shield_down:
  case event_type::shield_disengaged:
    remove_container(result, x.container);
    break;
  case event_type::container_started:
  case event_type::shield_up:
    break;
  }
  return result;
}

void older_hub::take_block(watch_reply& out, const event& x, std::int64_t now) {
  asked question{x.container, x.target()};
  auto known = by_question_.find(question);
  // A decided prompt is answered: the next block is a new question.
  if (known != by_question_.end() && !known->second->prompt.is_open()) {
    remove(out, known->second);
    known = by_question_.end();
  }
  if (known == by_question_.end()) {
    if (prompts_.size() >= client_limits::folded_prompts_max)
      remove(out, prompts_.begin());
    auto& made = prompts_.emplace_back();
    made.prompt.id = "older:" + std::to_string(++last_id_);
    made.prompt.container = x.container;
    made.prompt.target = x.target();
    made.prompt.domain = x.domain;
    made.prompt.opens = what_an_allow_opens(x.domain, {});
    made.prompt.first_seen = now;
    const auto last = std::prev(prompts_.end());
    known = by_question_.emplace(std::move(question), last).first;
    by_id_.emplace(made.prompt.id, last);
  }
  auto& [prompt, request_id] = *known->second;
  using namespace operator_limits;
  if (!add_once(prompt.addresses, x.dest, prompt_addresses_max))
    ++prompt.more_addresses;
  add_once(prompt.ports, x.port, prompt_ports_max);
  add_once(prompt.protocols, x.proto, prompt_ports_max);
  auto flags = flags_of(prompt);
  // The first block makes revision 1; then it grows with what matters.
  if (prompt.revision == 0 || prompt.dest != x.dest || flags != prompt.flags)
    ++prompt.revision;
  prompt.flags = std::move(flags);
  prompt.dest = x.dest;
  prompt.dossier = x.dossier;
  prompt.last_seen = now;
  ++prompt.count;
  request_id = x.request_id;
  out.prompt = prompt;
}

void older_hub::take_verdict(watch_reply& out, const event& x,
                             std::int64_t now) {
  const auto found =
      std::find_if(prompts_.begin(), prompts_.end(), [&](const folded& each) {
        return each.request_id == x.request_id
               && each.prompt.container == x.container && each.prompt.is_open();
      });
  if (found == prompts_.end())
    return;
  auto& prompt = found->prompt;
  auto& made = prompt.decision.emplace();
  made.seq = ++last_decision_;
  made.prompt = prompt.id;
  made.action = parse_action(x.action).value_or(action::deny);
  made.at = now;
  made.result = x.ok ? decision_result::applied : decision_result::failed;
  made.container = prompt.container;
  made.target = prompt.target;
  if (x.ok)
    prompt.state = prompt_state::decided;
  out.prompt = prompt;
}

void older_hub::remove_container(watch_reply& out, std::string_view container) {
  for (auto i = prompts_.begin(); i != prompts_.end();)
    i = i->prompt.container == container ? remove(out, i) : std::next(i);
}

older_hub::folded_list::iterator older_hub::remove(watch_reply& out,
                                                   folded_list::iterator i) {
  out.removed.push_back(i->prompt.id);
  by_id_.erase(i->prompt.id);
  by_question_.erase({i->prompt.container, i->prompt.target});
  return prompts_.erase(i);
}

std::optional<older_hub::open_block>
older_hub::block_of(const std::string& id) const {
  const auto i = by_id_.find(id);
  if (i == by_id_.end() || i->second->prompt.state != prompt_state::waiting)
    return std::nullopt;
  const auto& x = *i->second;
  return open_block{x.prompt.container, x.request_id, x.prompt.target};
}

} // namespace clearance::protocol
