#include "protocol/hub/open_request.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <vector>

namespace open_request_tests {

using namespace clearance::protocol;

namespace {

using numbers = std::vector<std::uint64_t>;

/// Bindings numbered 0 to n - 1.
std::deque<open_request> make(std::uint64_t n) {
  std::deque<open_request> result(n);
  for (std::uint64_t i = 0; i < n; ++i)
    result[i].number = i;
  return result;
}

/// What the links say, which must be the same both ways.
numbers order(const age_list& xs) {
  numbers result;
  const open_request* before = nullptr;
  for (const auto* x = xs.oldest; x != nullptr; x = x->newer) {
    CHECK(x->older == before);
    result.push_back(x->number);
    before = x;
  }
  CHECK(xs.newest == before);
  return result;
}

} // namespace

TEST_CASE("one text is both, the id and the target") {
  open_request x;
  x.texts = "r1example.org";
  x.id_size = 2;
  CHECK(x.request_id() == "r1");
  CHECK(x.target() == "example.org");
  x.id_size = x.texts.size();
  CHECK(x.target().empty());
}

TEST_CASE("a list stays in order, whoever leaves") {
  auto xs = make(5);
  age_list list;
  for (auto& x : xs)
    list.insert_from_newest(x);
  CHECK(order(list) == numbers{0, 1, 2, 3, 4});
  list.remove(xs[2]);
  CHECK(order(list) == numbers{0, 1, 3, 4});
  list.remove(xs[0]);
  list.remove(xs[4]);
  CHECK(order(list) == numbers{1, 3});
  list.remove(xs[1]);
  list.remove(xs[3]);
  CHECK(order(list) == numbers{});
  list.insert_from_oldest(xs[2]);
  CHECK(order(list) == numbers{2});
}

TEST_CASE("a list is in order in whatever order they come, from either end") {
  std::vector<std::size_t> arrival{0, 1, 2, 3, 4, 5};
  for (bool more = true; more;
       more = std::next_permutation(arrival.begin(), arrival.end())) {
    auto xs = make(6);
    age_list from_newest;
    for (auto i : arrival)
      from_newest.insert_from_newest(xs[i]);
    CHECK(order(from_newest) == numbers{0, 1, 2, 3, 4, 5});
    auto ys = make(6);
    age_list from_oldest;
    for (auto i : arrival)
      from_oldest.insert_from_oldest(ys[i]);
    CHECK(order(from_oldest) == numbers{0, 1, 2, 3, 4, 5});
  }
}

} // namespace open_request_tests
