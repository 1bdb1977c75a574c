#include "protocol/hub/open_request.hpp"

#include <algorithm>

namespace clearance::protocol {

void open_request::set_texts(std::string_view request_id,
                             std::string_view target) {
  const auto size = request_id.size() + target.size();
  long_texts.reset(size > short_texts.size() ? new char[size] : nullptr);
  auto* to = size > short_texts.size() ? long_texts.get() : short_texts.data();
  std::copy(target.begin(), target.end(),
            std::copy(request_id.begin(), request_id.end(), to));
  id_size = static_cast<std::uint32_t>(request_id.size());
  target_size = static_cast<std::uint32_t>(target.size());
}

void age_list::insert_from_newest(open_requests& all, slot_link at) noexcept {
  auto successor = no_slot;
  for (auto y = newest; y != no_slot && all[y].number > all[at].number;
       y = all[y].older)
    successor = y;
  insert_before(all, successor, at);
}

void age_list::insert_from_oldest(open_requests& all, slot_link at) noexcept {
  auto successor = oldest;
  while (successor != no_slot && all[successor].number < all[at].number)
    successor = all[successor].newer;
  insert_before(all, successor, at);
}

void age_list::insert_before(open_requests& all, slot_link successor,
                             slot_link at) noexcept {
  auto predecessor = successor == no_slot ? newest : all[successor].older;
  all[at].older = predecessor;
  all[at].newer = successor;
  (predecessor == no_slot ? oldest : all[predecessor].newer) = at;
  (successor == no_slot ? newest : all[successor].older) = at;
}

void age_list::remove(open_requests& all, slot_link at) noexcept {
  auto& x = all[at];
  (x.older == no_slot ? oldest : all[x.older].newer) = x.newer;
  (x.newer == no_slot ? newest : all[x.newer].older) = x.older;
  x.older = x.newer = no_slot;
}

} // namespace clearance::protocol
