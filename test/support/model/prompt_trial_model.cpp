// The simple model: it answers every question by looking at all prompts.

#include "test/support/model/prompt_trial.hpp"

#include <algorithm>

namespace clearance::test {

using namespace clearance::protocol;

std::vector<prompt_trial::model_prompt*>
prompt_trial::open_of(const std::string& container) {
  std::vector<model_prompt*> result;
  for (auto& [number, x] : model_)
    if (x.container == container
        && (x.state == "waiting" || x.state == "deciding"))
      result.push_back(&x);
  return result;
}

prompt_trial::model_prompt* prompt_trial::pick(const chooser& choose,
                                               const std::string& state) {
  std::vector<model_prompt*> all;
  for (auto& [number, x] : model_)
    if (state.empty() || x.state == state)
      all.push_back(&x);
  return all.empty() ? nullptr : all[choose(all.size())];
}

prompt_trial::model_prompt*
prompt_trial::holder_of(const std::string& container, const std::string& id) {
  for (auto& [number, x] : model_)
    if (x.container == container)
      for (auto& [generation, known] : x.requests)
        if (known == id)
          return &x;
  return nullptr;
}

void prompt_trial::remove(std::uint64_t number) {
  model_.erase(number);
}

void prompt_trial::trim(const std::string& container, std::uint64_t but) {
  for (;;) {
    model_prompt* oldest = nullptr;
    std::size_t count = 0;
    for (auto& [number, x] : model_)
      if (x.container == container && x.finish_order != 0) {
        ++count;
        if (oldest == nullptr || x.finish_order < oldest->finish_order)
          oldest = &x;
      }
    if (count <= limits_.finished || oldest->number == but)
      return;
    remove(oldest->number);
  }
}

void prompt_trial::end(model_prompt& x, const std::string& state,
                       const std::string& why) {
  ++seen_[state + why];
  x.state = state;
  x.why = why;
  ++x.revision;
  x.finish_order = ++finishes_;
  x.finished_at = now_.steady;
  if (state == "gone")
    x.requests.clear();
  trim(x.container, x.number);
}

void prompt_trial::lose(model_prompt& x, std::uint64_t generation) {
  x.requests.erase(generation);
  if (x.requests.empty() && x.state == "waiting")
    end(x, "gone", "forgotten");
}

bool prompt_trial::make_room(model_prompt& x) {
  for (;;) {
    auto mine = open_of(x.container);
    const auto all = static_cast<std::size_t>(
        std::count_if(model_.begin(), model_.end(), [](const auto& y) {
          return y.second.finish_order == 0;
        }));
    if (mine.size() <= limits_.per_container && all <= limits_.total)
      return true;
    auto victim = std::find_if(mine.begin(), mine.end(), [&](auto* y) {
      return y != &x && y->state == "waiting";
    });
    if (victim == mine.end())
      return false;
    end(**victim, "gone", "forgotten");
  }
}

void prompt_trial::flag_all(const std::string& container) {
  auto open = open_of(container);
  std::map<std::string, std::set<std::string>> keys;
  for (auto& [number, x] : model_)
    if (x.container == container)
      for (const auto& address : x.addresses)
        keys[address].insert(x.key);
  for (auto* x : open) {
    auto flags = x->flags;
    if (open.size() > many_targets_min)
      flags.insert("many_targets");
    for (const auto& address : x->addresses)
      if (keys[address].size() > 1)
        flags.insert("shared_address");
    if (flags != x->flags)
      ++x->revision;
    x->flags = flags;
  }
}

void prompt_trial::expire() {
  for (auto at = model_.begin(); at != model_.end();) {
    const auto& x = at->second;
    if (x.finish_order != 0 && now_.steady - x.finished_at >= limits_.retention)
      at = model_.erase(at);
    else
      ++at;
  }
}

} // namespace clearance::test
