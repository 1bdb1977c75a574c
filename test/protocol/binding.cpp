#include "protocol/binding.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

using namespace clearance::protocol;

namespace {

using numbers = std::vector<std::uint64_t>;

/// Bindings numbered 0 to n - 1.
std::deque<binding> make(std::uint64_t n) {
  std::deque<binding> result(n);
  for (std::uint64_t i = 0; i < n; ++i)
    result[i].number = i;
  return result;
}

/// What the links say, which must be the same both ways.
numbers order(const age_list& xs) {
  numbers result;
  const binding* before = nullptr;
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
  binding x;
  x.texts = "r1example.org";
  x.id_size = 2;
  CHECK(x.request_id() == "r1");
  CHECK(x.target() == "example.org");
  x.id_size = x.texts.size();
  CHECK(x.target().empty());
}

TEST_CASE("a list keeps the order of appending, whoever leaves") {
  auto xs = make(5);
  age_list list;
  for (auto& x : xs)
    list.append(x);
  CHECK(order(list) == numbers{0, 1, 2, 3, 4});
  list.remove(xs[2]);
  CHECK(order(list) == numbers{0, 1, 3, 4});
  list.remove(xs[0]);
  list.remove(xs[4]);
  CHECK(order(list) == numbers{1, 3});
  list.remove(xs[1]);
  list.remove(xs[3]);
  CHECK(order(list) == numbers{});
  list.append(xs[2]);
  CHECK(order(list) == numbers{2});
}

TEST_CASE("whoever comes back stands where its number belongs") {
  constexpr std::uint64_t n = 9;
  for (std::uint64_t i = 0; i < n; ++i)
    for (std::uint64_t j = 0; j < n; ++j) {
      auto xs = make(n);
      age_list list;
      for (auto& x : xs)
        list.append(x);
      list.remove(xs[i]);
      if (i != j)
        list.remove(xs[j]);
      list.insert_by_number(xs[i]);
      if (i != j)
        list.insert_by_number(xs[j]);
      CHECK(order(list) == numbers{0, 1, 2, 3, 4, 5, 6, 7, 8});
    }
}

TEST_CASE("a list is built by number in whatever order they come") {
  auto xs = make(6);
  age_list list;
  for (std::size_t i : {3u, 5u, 0u, 4u, 1u, 2u})
    list.insert_by_number(xs[i]);
  CHECK(order(list) == numbers{0, 1, 2, 3, 4, 5});
}
