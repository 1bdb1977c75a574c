#include "protocol/hub/binding.hpp"

namespace clearance::protocol {

void age_list::insert_from_newest(binding& x) noexcept {
  binding* successor = nullptr;
  for (auto* y = newest; y != nullptr && y->number > x.number; y = y->older)
    successor = y;
  insert_before(successor, x);
}

void age_list::insert_from_oldest(binding& x) noexcept {
  auto* successor = oldest;
  while (successor != nullptr && successor->number < x.number)
    successor = successor->newer;
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
