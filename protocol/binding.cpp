#include "protocol/binding.hpp"

#include <algorithm>

namespace clearance::protocol {

void age_list::insert_by_number(binding& x) noexcept {
  if (newest == nullptr || newest->number < x.number)
    return append(x);
  auto* successor = newest;
  if (x.number - std::min(x.number, oldest->number)
      > newest->number - x.number) {
    while (successor->older != nullptr && successor->older->number > x.number)
      successor = successor->older;
  } else {
    successor = oldest;
    while (successor->number < x.number)
      successor = successor->newer;
  }
  insert_before(successor, x);
}

void age_list::insert_before(binding* successor, binding& x) noexcept {
  auto* predecessor = successor == nullptr ? newest : successor->older;
  x.older = predecessor;
  x.newer = successor;
  (predecessor == nullptr ? oldest : predecessor->newer) = &x;
  (successor == nullptr ? newest : successor->older) = &x;
}

void age_list::remove(binding& x) noexcept {
  (x.older == nullptr ? oldest : x.older->newer) = x.newer;
  (x.newer == nullptr ? newest : x.newer->older) = x.older;
  x.older = x.newer = nullptr;
}

} // namespace clearance::protocol
