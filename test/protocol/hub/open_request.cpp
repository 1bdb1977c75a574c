#include "protocol/hub/open_request.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace open_request_tests {

using namespace clearance::protocol;

namespace {

using numbers = std::vector<std::uint64_t>;

/// Open requests numbered 0 to n - 1, each at the place of its number.
open_requests make(std::uint64_t n) {
  open_requests result;
  for (std::uint64_t i = 0; i < n; ++i)
    result[result.take()].number = i;
  return result;
}

/// What the links say, which must be the same both ways.
numbers order(const open_requests& all, const age_list& xs) {
  numbers result;
  auto before = no_slot;
  for (auto at = xs.oldest; at != no_slot; at = all[at].newer) {
    CHECK(all[at].older == before);
    result.push_back(all[at].number);
    before = at;
  }
  CHECK(xs.newest == before);
  return result;
}

} // namespace

TEST_CASE("one text is both, the id and the target") {
  open_request x;
  x.set_texts("r1", "example.org");
  CHECK(x.request_id() == "r1");
  CHECK(x.target() == "example.org");
  x.set_texts("r2", "");
  CHECK(x.request_id() == "r2");
  CHECK(x.target().empty());
}

TEST_CASE("texts may be longer than their room in the slot") {
  open_request x;
  for (std::size_t size : {63U, 64U, 65U, 1000U, 10U}) {
    const std::string id(9, 'i');
    const std::string target(size - 9, 't');
    x.set_texts(id, target);
    CHECK(x.request_id() == id);
    CHECK(x.target() == target);
    open_request moved = std::move(x);
    CHECK(moved.request_id() == id);
    CHECK(moved.target() == target);
    x = std::move(moved);
  }
}

TEST_CASE("a list stays in order, whoever leaves") {
  auto xs = make(5);
  age_list list;
  for (slot_link at = 0; at < 5; ++at)
    list.insert_from_newest(xs, at);
  CHECK(order(xs, list) == numbers{0, 1, 2, 3, 4});
  list.remove(xs, 2);
  CHECK(order(xs, list) == numbers{0, 1, 3, 4});
  list.remove(xs, 0);
  list.remove(xs, 4);
  CHECK(order(xs, list) == numbers{1, 3});
  list.remove(xs, 1);
  list.remove(xs, 3);
  CHECK(order(xs, list) == numbers{});
  list.insert_from_oldest(xs, 2);
  CHECK(order(xs, list) == numbers{2});
}

TEST_CASE("a list is in order in whatever order they come, from either end") {
  std::vector<slot_link> arrival{0, 1, 2, 3, 4, 5};
  for (bool more = true; more;
       more = std::next_permutation(arrival.begin(), arrival.end())) {
    auto xs = make(6);
    age_list from_newest;
    for (auto at : arrival)
      from_newest.insert_from_newest(xs, at);
    CHECK(order(xs, from_newest) == numbers{0, 1, 2, 3, 4, 5});
    auto ys = make(6);
    age_list from_oldest;
    for (auto at : arrival)
      from_oldest.insert_from_oldest(ys, at);
    CHECK(order(ys, from_oldest) == numbers{0, 1, 2, 3, 4, 5});
  }
}

} // namespace open_request_tests
