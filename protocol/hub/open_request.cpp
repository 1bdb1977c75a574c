#include "protocol/hub/open_request.hpp"

namespace clearance::protocol {

void age_list::insert_from_newest(open_request& x) noexcept {
  open_request* successor = nullptr;
  for (auto* y = newest; y != nullptr && y->number > x.number; y = y->older)
    successor = y;
  insert_before(successor, x);
}

void age_list::insert_from_oldest(open_request& x) noexcept {
  auto* successor = oldest;
  while (successor != nullptr && successor->number < x.number)
    successor = successor->newer;
  insert_before(successor, x);
}

void age_list::insert_before(open_request* successor,
                             open_request& x) noexcept {
  auto* predecessor = successor == nullptr ? newest : successor->older;
  x.older = predecessor;
  x.newer = successor;
  (predecessor == nullptr ? oldest : predecessor->newer) = &x;
  (successor == nullptr ? newest : successor->older) = &x;
}

void age_list::remove(open_request& x) noexcept {
  (x.older == nullptr ? oldest : x.older->newer) = x.newer;
  (x.newer == nullptr ? newest : x.newer->older) = x.older;
  x.older = x.newer = nullptr;
}

} // namespace clearance::protocol
