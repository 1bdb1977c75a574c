/// Removes members of a JSON object whose name is repeated.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// If several elements have the same name, only the last one is kept, at the
/// place of the first one. `name` returns the name of an element. O(n log n) at
/// worst, because one message can hold 200 000 elements.
template <class T, class Name>
void keep_last_of_each(std::vector<T>& xs, Name name) {
  auto is_new = [&](const T& x) {
    return std::none_of(std::as_const(xs).data(), &x,
                        [&](const T& y) { return name(y) == name(x); });
  };
  constexpr std::size_t few = 16;
  if (xs.size() <= few && std::all_of(xs.begin(), xs.end(), is_new))
    return;
  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto l, auto r) { return name(xs[l]) < name(xs[r]); });
  // Equal names are neighbours in `order`, the oldest first.
  std::vector<bool> gone(xs.size());
  for (std::size_t i = 0; i < order.size();) {
    auto last = i;
    while (last + 1 < order.size()
           && name(xs[order[last + 1]]) == name(xs[order[i]]))
      gone[order[++last]] = true;
    if (last != i)
      std::swap(xs[order[i]], xs[order[last]]);
    i = last + 1;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (!gone[i] && kept++ != i)
      xs[kept - 1] = std::move(xs[i]);
  xs.erase(xs.begin() + static_cast<std::ptrdiff_t>(kept), xs.end());
}

} // namespace clearance::protocol
