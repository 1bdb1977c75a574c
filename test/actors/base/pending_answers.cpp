#include "actors/base/pending_answers.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace pending_answers_tests {

using namespace clearance;
using namespace std::chrono_literals;

namespace {

struct pending_fixture {
  actors::pending_answers<std::string> all{10s};
  protocol::time_point now{};
  std::string heard;

  std::uint64_t ask(std::string name) {
    return all.add(now, [this, name](const std::string* x) {
      heard += name + "=" + (x == nullptr ? "late" : *x) + " ";
    });
  }

  void answer(std::uint64_t number, const std::string& text) {
    if (const auto f = all.take(number))
      f(&text);
  }
};

} // namespace

TEST_CASE("whoever waits for an answer gets it once, in any order") {
  pending_fixture s;
  const auto a = s.ask("a");
  const auto b = s.ask("b");
  s.answer(b, "2");
  s.answer(a, "1");
  s.answer(a, "again");
  s.now += 1h;
  s.all.expire(s.now);
  CHECK(s.heard == "b=2 a=1 ");
  CHECK(s.all.size() == 0);
  CHECK(s.all.next() == protocol::time_point::max());
}

TEST_CASE("a request without an answer is late when its time is over") {
  pending_fixture s;
  const auto a = s.ask("a");
  s.now += 1s;
  s.ask("b");
  CHECK(s.all.next() == protocol::time_point{} + 10s);
  s.all.expire(protocol::time_point{} + 10s - 1ns);
  CHECK(s.heard.empty());
  s.all.expire(protocol::time_point{} + 10s);
  CHECK(s.heard == "a=late ");
  s.answer(a, "1"); // too late
  CHECK(s.all.next() == protocol::time_point{} + 11s);
  CHECK(s.all.size() == 1);
}

TEST_CASE("whoever is late may ask again") {
  pending_fixture s;
  std::uint64_t second = 0;
  s.all.add(s.now, [&](const std::string*) { second = s.ask("again"); });
  s.now += 10s;
  s.all.expire(s.now);
  s.answer(second, "yes");
  CHECK(s.heard == "again=yes ");
}

} // namespace pending_answers_tests
