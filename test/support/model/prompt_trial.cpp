#include "test/support/model/prompt_trial.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace clearance::test {

using namespace clearance::protocol;

namespace {

prompt_limits limits_for(std::size_t which) {
  prompt_limits result;
  result.per_container = which == 0 ? 4 : 30;
  result.total = which == 0 ? 7 : 60;
  result.finished = 3;
  return result;
}

constexpr const char* prompt_containers[]{"web", "db", "ci"};
constexpr const char* prompt_ids[]{"r1", "r2", "r3", "r4", "r5", "r6"};

} // namespace

prompt_trial::prompt_trial(const chooser& choose)
    : limits_(limits_for(choose(2))), table_("boot", limits_) {
  table_.add(mirror_);
}

prompt_trial::~prompt_trial() {
  table_.remove(mirror_);
}

void prompt_trial::require(bool holds, const std::string& what) {
  if (!holds)
    throw std::runtime_error{"does not hold: " + what};
}

void prompt_trial::mirror::changed(const prompt& x, bool is_urgent) {
  auto [at, is_new] = prompts.emplace(x.number, x);
  if (!is_new) {
    // A change that is not urgent may change only counts and times.
    const auto& before = at->second;
    require(is_urgent
                || (before.revision == x.revision && before.state == x.state
                    && before.flags == x.flags && before.quiet == x.quiet
                    && before.decision == x.decision),
            "a change of more than counts is urgent");
    require(before.revision <= x.revision, "revisions grow");
    at->second = x;
  }
}

void prompt_trial::mirror::removed(std::uint64_t number) {
  prompts.erase(number);
}

void prompt_trial::step(const chooser& choose) {
  now_.steady += std::chrono::milliseconds{1};
  now_.wall += 1000;
  switch (choose(16)) {
  default:
    block(choose);
    break;
  case 0:
    lifecycle(choose);
    break;
  case 1:
    close_request(choose);
    break;
  case 2:
    execute_elsewhere(choose);
    break;
  case 3:
  case 4:
    start(choose);
    break;
  case 5:
  case 6:
    finish(choose);
    break;
  case 7:
    leave_denied(choose);
    break;
  case 8:
    rule(choose);
    break;
  case 9:
    quiet(choose);
    break;
  case 10:
    pass_time(choose);
    break;
  }
  compare();
}

// -- what happens -------------------------------------------------------------

void prompt_trial::block(const chooser& choose) {
  event x;
  x.container = prompt_containers[choose(3)];
  const bool has_request = choose(10) != 0;
  x.request_id = has_request ? prompt_ids[choose(6)] : "";
  const auto which = choose(limits_.per_container > 20 ? 36 : 7);
  std::string key;
  if (which < 2) {
    x.dest = which == 0 ? "192.0.2.1" : "10.0.0.1";
    key = "a" + x.dest;
  } else {
    const auto name = "n" + std::to_string(which) + ".org";
    x.domain = choose(2) == 0 ? name : "N" + std::to_string(which) + ".org.";
    key = "n" + name;
    x.dest = "192.0.2." + std::to_string(1 + choose(3) + 3 * which);
    if (choose(12) == 0)
      x.dest = "192.0.2.1";
  }
  x.port = static_cast<std::int64_t>(choose(3));
  const auto generation = ++generation_;
  // What the registry does with an id that is announced again.
  const auto replaced =
      has_request ? generation_of(x.container, x.request_id) : 0;
  fold(x, key, generation, has_request);
  if (replaced == 0)
    return;
  table_.closed(x.container, replaced, no_slot, now_);
  for (auto& [number, y] : model_)
    if (y.requests.contains(replaced)) {
      lose(y, replaced);
      break;
    }
}

void prompt_trial::fold(const event& x, const std::string& key,
                        std::uint64_t generation, bool has_request) {
  const auto* shown = table_.block(x, generation, now_);

  expire();
  model_prompt* last = nullptr;
  for (auto& [number, y] : model_)
    if (y.container == x.container && y.key == key && y.is_current)
      last = &y;
  auto* found = last;
  const bool was_allowed =
      last != nullptr && last->state == "decided" && last->is_allow;
  const bool is_new = last == nullptr || last->state == "gone" || was_allowed;
  if (is_new && !has_request) {
    require(shown == nullptr, "without a request nothing can wait");
    return;
  }
  if (is_new) {
    found = &model_[++numbers_];
    found->number = numbers_;
    found->container = x.container;
    found->key = key;
    found->domain = x.domain;
    found->target = x.target();
    found->quiet = quiet_.contains(x.container);
    if (x.domain.empty())
      found->flags.insert("no_name");
    if (was_allowed) {
      found->flags.insert("allowed_before");
      found->failed = last->by_policy;
      if (found->failed)
        found->flags.insert("automatic_failed");
    }
    if (last != nullptr)
      last->is_current = false;
  }
  if (has_request)
    found->requests[generation] = x.request_id;
  auto flags = found->flags;
  ++found->count;
  found->ports.insert(x.port);
  found->addresses.insert(x.dest);
  for (auto word : find_flags(*parse_ip_address(x.dest)).words())
    found->flags.insert(std::string{word});
  std::set<std::string> others;
  for (auto& [other, y] : model_)
    if (y.container == found->container && y.key != found->key)
      others.insert(y.addresses.begin(), y.addresses.end());
  for (const auto& address : found->addresses)
    if (others.contains(address))
      found->flags.insert("shared_address");
  if (open_of(found->container).size() > many_targets_min)
    found->flags.insert("many_targets");
  if (flags != found->flags && found->count > 1)
    ++found->revision;
  if (!make_room(*found)) {
    remove(found->number);
    require(shown == nullptr, "there is no room");
    ++seen_["no room"];
    return;
  }
  flag_all(found->container);
  require(shown != nullptr && shown->number == found->number,
          "the block is shown");
}

void prompt_trial::lifecycle(const chooser& choose) {
  event x;
  x.container = prompt_containers[choose(3)];
  const std::pair<event_type, const char*> types[]{
      {event_type::container_exited, "container_exited"},
      {event_type::shield_down, "shield_down"},
      {event_type::shield_disengaged, "shield_disengaged"},
      {event_type::shield_up, ""},
  };
  const auto& [type, why] = types[choose(4)];
  x.type = type;
  table_.lifecycle(x, now_);
  if (std::string{why}.empty())
    return;
  for (auto& [number, y] : model_)
    if (y.container == x.container) {
      y.is_current = false;
      y.requests.clear();
    }
  std::vector<std::uint64_t> numbers;
  for (auto* y : open_of(x.container))
    numbers.push_back(y->number);
  for (auto number : numbers)
    end(model_.at(number), "gone", why);
  if (type == event_type::container_exited)
    quiet_.erase(x.container);
}

std::uint64_t prompt_trial::generation_of(const std::string& container,
                                          const std::string& id) {
  if (const auto* x = holder_of(container, id))
    for (const auto& [generation, known] : x->requests)
      if (known == id)
        return generation;
  return 0;
}

void prompt_trial::close_request(const chooser& choose) {
  const std::string container = prompt_containers[choose(3)];
  const std::string id = prompt_ids[choose(6)];
  auto* x = holder_of(container, id);
  const auto generation = generation_of(container, id);
  const bool is_stale = choose(4) == 0; // the request has another generation
  table_.closed(container, is_stale ? generation + 1000 : generation, no_slot,
                now_);
  if (x != nullptr && !is_stale)
    lose(*x, generation);
}

void prompt_trial::execute_elsewhere(const chooser& choose) {
  auto* x = pick(choose, "");
  if (x == nullptr || x->requests.empty())
    return;
  auto at = x->requests.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(choose(x->requests.size())));
  const auto generation = at->first;
  // A request that the table executes is not executed by others.
  if (generation == x->executing)
    return;
  decision made;
  made.action = choose(2) == 0 ? action::allow : action::deny;
  made.result =
      choose(3) == 0 ? decision_result::failed : decision_result::applied;
  auto whole = table_.executed(x->container, {generation}, made, now_);
  require(whole.prompt == "boot-" + std::to_string(x->number),
          "the decision is the prompt's");
  const bool applied = made.result == decision_result::applied;
  if (applied)
    x->requests.erase(generation);
  if (x->state != "waiting")
    return;
  x->result = applied ? "applied" : "failed";
  x->is_allow = made.action == action::allow;
  x->by_policy = false;
  if (applied)
    end(*x, "decided", "");
}

void prompt_trial::start(const chooser& choose) {
  auto* x = pick(choose, choose(4) == 0 ? "" : "waiting");
  prompt_table::wish wish;
  wish.what = choose(2) == 0 ? action::allow : action::deny;
  if (choose(3) == 0)
    wish.by.what = decider::kind::policy;
  const bool is_stale = choose(4) == 0;
  const auto id = x == nullptr ? "boot-99999" : table_.id_of(x->number);
  const auto revision = x == nullptr ? 0 : x->revision - (is_stale ? 1 : 0);
  auto got = table_.start(id, revision, wish, now_);
  expire();
  if (x == nullptr || model_.count(x->number) == 0 || x->state == "gone") {
    require(std::holds_alternative<prompt_table::no_such_prompt>(got),
            "what is gone is not decided");
    return;
  }
  if (x->state != "waiting") {
    auto* other = std::get_if<prompt_table::already_decided>(&got);
    require(other != nullptr && to_string(other->by->result) == x->result,
            "what is decided is not decided again");
    return;
  }
  if (is_stale && wish.what == action::allow) {
    auto* changed = std::get_if<prompt_table::prompt_changed>(&got);
    require(changed != nullptr && changed->current->revision == x->revision,
            "an allow needs the revision");
    ++seen_["changed"];
    return;
  }
  auto* started = std::get_if<prompt_table::decision_started>(&got);
  require(started != nullptr, "a decision starts");
  const auto generation = x->requests.rbegin()->first;
  require(started->request == request_ref{generation},
          "the newest open request is executed");
  x->executing = generation;
  x->state = "deciding";
  x->result = "pending";
  x->is_allow = wish.what == action::allow;
  x->by_policy = wish.by.what == decider::kind::policy;
}

void prompt_trial::finish(const chooser& choose) {
  using execution = prompt_table::execution;
  auto* x = pick(choose, choose(6) == 0 ? "" : "deciding");
  if (x == nullptr)
    return;
  const auto how = std::array{execution::applied, execution::failed,
                              execution::changed}[choose(3)];
  auto got = table_.finish(x->number, how, "no", now_);
  if (x->state != "deciding") {
    require(got.what == nullptr && got.to_close.empty(),
            "only what is being decided ends");
    return;
  }
  const auto executing = std::exchange(x->executing, 0);
  if (how != execution::failed)
    x->requests.erase(executing);
  if (how == execution::applied) {
    std::vector<request_ref> others;
    for (const auto& [generation, id] : x->requests)
      others.insert(others.begin(), {generation});
    require(got.to_close == others, "the other open requests are closed");
    x->requests.clear();
    x->result = "applied";
    end(*x, "decided", "");
    return;
  }
  require(got.to_close.empty(), "a failure closes nothing");
  x->result = "failed";
  x->state = "waiting";
  ++seen_["failed"];
  if (x->requests.empty())
    end(*x, "gone", "forgotten");
}

void prompt_trial::leave_denied(const chooser& choose) {
  auto* x = pick(choose, choose(6) == 0 ? "" : "waiting");
  if (x == nullptr)
    return;
  auto got = table_.leave_denied(x->number, "r", now_);
  if (x->state != "waiting") {
    require(got.what == nullptr, "only what waits is left denied");
    return;
  }
  require(got.to_close.size() == x->requests.size(), "all are closed");
  x->requests.clear();
  x->result = "left_denied";
  x->is_allow = false;
  end(*x, "decided", "");
}

void prompt_trial::rule(const chooser& choose) {
  auto* x = pick(choose, "");
  if (x == nullptr)
    return;
  policy_rule known;
  known.name = choose(2) == 0 ? "one" : "two";
  policy_ruling ruling;
  ruling.quiet = choose(2) == 0;
  if (choose(3) != 0)
    ruling.rule = &known;
  table_.apply(x->number, ruling, now_);
  if (x->finish_order != 0)
    return;
  const std::string name = ruling.rule == nullptr ? "" : known.name;
  if (x->rule != name)
    ++x->revision;
  x->rule = name;
  x->ruled_quiet = ruling.quiet;
  x->quiet = ruling.quiet || quiet_.contains(x->container);
}

void prompt_trial::quiet(const chooser& choose) {
  const std::string container = prompt_containers[choose(3)];
  const bool on = choose(2) == 0;
  require(table_.quiet(container, on), "quiet is possible");
  if (on)
    quiet_.insert(container);
  else
    quiet_.erase(container);
  for (auto* x : open_of(container))
    x->quiet = on || x->ruled_quiet;
}

void prompt_trial::pass_time(const chooser& choose) {
  now_.steady += std::chrono::minutes{choose(7)};
  table_.expire(now_);
  expire();
  if (choose(4) != 0)
    return;
  table_.forget_failures();
  for (auto& [number, x] : model_)
    if (x.finish_order == 0 && std::exchange(x.failed, false)) {
      x.flags.erase("automatic_failed");
      ++x.revision;
    }
}

void prompt_trial::compare() {
  std::size_t open = 0;
  std::uint64_t number = 0;
  for (const auto& [expected, x] : model_) {
    const auto* y = table_.next_after(number);
    require(y != nullptr && y->number == expected, "the prompts are the same");
    number = expected;
    require(to_string(y->state) == x.state, "state");
    require(to_string(y->why) == x.why, "why");
    require(y->count == x.count, "count");
    require(y->target == x.target && y->domain == x.domain, "target");
    require(y->container->name == x.container, "container");
    require(y->ports.size() == x.ports.size(), "ports");
    require(y->addresses.size() == x.addresses.size(), "addresses");
    std::set<std::string> flags;
    for (auto word : y->flags.words())
      flags.insert(std::string{word});
    require(flags == x.flags, "flags");
    require(y->revision == x.revision, "revision");
    require(y->rule == x.rule, "rule");
    require(y->quiet == x.quiet, "quiet");
    require(y->decision.has_value() == !x.result.empty(), "has a decision");
    if (y->decision)
      require(to_string(y->decision->result) == x.result, "result");
    if (x.finish_order == 0)
      ++open;
    auto told = mirror_.prompts.find(expected);
    require(told != mirror_.prompts.end() && told->second == *y,
            "an observer has the picture");
  }
  require(table_.next_after(number) == nullptr, "there are no more prompts");
  require(mirror_.prompts.size() == model_.size(),
          "an observer is told of what is removed");
  require(table_.open() == open && table_.size() == model_.size(), "counts");
}

} // namespace clearance::test
