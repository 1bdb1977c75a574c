//            add                      take, began
//   (none) -------> ready --> next ----------------> rests
//                     ^                                |
//                     '--- something waits, its rest --'
//                          has ended
//
// A container that neither rests nor has a prompt is forgotten.

#include "actors/operator/automatic_queue.hpp"

#include <utility>

namespace clearance::actors {

std::size_t automatic_queue::add(std::uint64_t prompt,
                                 const std::string& container) {
  const auto at = lines_.try_emplace(container).first;
  auto& x = at->second;
  try {
    if (!x.prompts.insert(prompt).second)
      return x.prompts.size();
    ++size_;
    if (!x.is_ready && !x.rests) {
      ready_.push_back(at);
      x.is_ready = true;
    }
  } catch (...) {
    size_ -= x.prompts.erase(prompt);
    erase_if_idle(at);
    throw;
  }
  return x.prompts.size();
}

void automatic_queue::keep(
    const std::string& container,
    const std::function<bool(std::uint64_t)>& still_waits) {
  const auto at = lines_.find(container);
  if (at == lines_.end())
    return;
  // A container that is ready and has nothing left is skipped by take().
  size_ -= std::erase_if(at->second.prompts,
                         [&](std::uint64_t x) { return !still_waits(x); });
}

// If memory is denied the container goes on resting until the next call.
void automatic_queue::end_rests(protocol::time_point now) {
  while (!rests_.empty() && rests_.begin()->first <= now) {
    const auto at = rests_.begin()->second;
    auto& x = at->second;
    if (!x.prompts.empty()) {
      ready_.push_back(at);
      x.is_ready = true;
    }
    x.rests = false;
    rests_.erase(rests_.begin());
    erase_if_idle(at);
  }
}

void automatic_queue::erase_if_idle(lines::iterator at) {
  const auto& x = at->second;
  if (x.prompts.empty() && !x.is_ready && !x.rests)
    lines_.erase(at);
}

std::optional<automatic_queue::turn>
automatic_queue::take(protocol::time_point now) {
  end_rests(now);
  while (!ready_.empty()) {
    const auto at = ready_.front();
    auto& prompts = at->second.prompts;
    if (prompts.empty()) {
      ready_.pop_front();
      at->second.is_ready = false;
      erase_if_idle(at);
      continue;
    }
    turn result{*prompts.begin(), at->first};
    prompts.erase(prompts.begin());
    --size_;
    return result;
  }
  return std::nullopt;
}

// The container of the last turn is the first that is ready.
void automatic_queue::began(const std::string& container,
                            protocol::time_point now) {
  const auto at = lines_.find(container);
  if (at == lines_.end() || ready_.empty() || ready_.front() != at)
    return;
  rests_.emplace_hint(rests_.end(), now + rest_, at);
  ready_.pop_front();
  at->second.is_ready = false;
  at->second.rests = true;
}

protocol::time_point automatic_queue::due() const {
  // Whoever is ready does not wait for the clock.
  return size_ == 0 || rests_.empty() ? protocol::time_point::max()
                                      : rests_.begin()->first;
}

} // namespace clearance::actors
