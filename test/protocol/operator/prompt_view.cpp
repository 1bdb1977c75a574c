#include "protocol/operator/prompt_view.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

namespace prompt_view_tests {

using namespace clearance::protocol;

namespace {

struct view_fixture {
  view_fixture() { list.connected("h"); }

  listed_prompt& add(const std::string& container, const std::string& target) {
    watch_reply x;
    auto& made = x.prompt.emplace();
    made.id = std::to_string(++last);
    made.revision = 1;
    made.container = container;
    made.target = target;
    list.apply("h", x);
    last_made = made;
    view.update(list);
    return last_made;
  }

  void change(const listed_prompt& x) {
    watch_reply reply;
    reply.prompt = x;
    list.apply("h", reply);
    view.update(list);
  }

  void remove(const std::string& id) {
    watch_reply reply;
    reply.removed.push_back(id);
    list.apply("h", reply);
    view.update(list);
  }

  std::string shown() const {
    std::string result;
    for (auto number : view.rows())
      result += (result.empty() ? "" : " ") + list.find(number)->prompt.target;
    return result;
  }

  std::string selected() const {
    return view.selected() ? list.find(*view.selected())->prompt.target : "";
  }

  prompt_list list;
  prompt_view view;
  listed_prompt last_made;
  int last = 0;
};

} // namespace

TEST_CASE_FIXTURE(view_fixture, "the selection stays with its prompt") {
  add("c", "a");
  add("c", "b");
  add("c", "d");
  CHECK(selected().empty());
  view.select_last();
  view.move(-1);
  CHECK(selected() == "b");
  remove("1");
  CHECK(selected() == "b");
  CHECK(view.selected_row() == 0);
}

TEST_CASE_FIXTURE(view_fixture,
                  "a prompt that vanishes leaves nothing selected") {
  add("c", "a");
  auto b = add("c", "b");
  add("c", "d");
  view.select_first();
  view.move(1);
  SUBCASE("because the hub removed it") {
    remove("2");
  }
  SUBCASE("because somebody decided it") {
    b.state = prompt_state::decided;
    change(b);
  }
  SUBCASE("because a filter hides it") {
    view.set_filter("target:d");
    view.update(list);
    CHECK(selected().empty());
    view.set_filter("");
    view.update(list);
    CHECK(selected().empty());
    return;
  }
  CHECK(selected().empty());
  CHECK(view.selected_row() == std::nullopt);
  // The next move begins where the selection was.
  view.move(1);
  CHECK(selected() == "d");
}

TEST_CASE_FIXTURE(view_fixture, "a selection never leaves the rows") {
  view.move(1);
  view.move(-1);
  view.select_first();
  view.select_last();
  view.select(77);
  CHECK(selected().empty());
  add("c", "a");
  add("c", "b");
  view.move(5);
  CHECK(selected() == "a"); // the first move only shows where we are
  view.move(5);
  CHECK(selected() == "b");
  view.move(-5);
  CHECK(selected() == "a");
}

TEST_CASE_FIXTURE(view_fixture, "groups stand in the order of their first") {
  add("x", "a");
  add("y", "b");
  add("x", "b");
  add("y", "a");
  CHECK(shown() == "a b b a");
  view.set_grouping(prompt_grouping::container);
  view.update(list);
  CHECK(shown() == "a b b a");
  add("x", "d");
  CHECK(shown() == "a b d b a");
  view.set_grouping(prompt_grouping::target);
  view.update(list);
  CHECK(shown() == "a a b b d");
}

TEST_CASE_FIXTURE(view_fixture, "a mark is for one revision") {
  auto a = add("c", "a");
  add("c", "b");
  CHECK_FALSE(view.toggle_mark(list));
  view.toggle_all(list);
  CHECK(view.marks().size() == 2);
  a.count = 7;
  change(a);
  CHECK(view.marks().size() == 2);
  a.revision = 2;
  change(a);
  CHECK(view.marks().size() == 1);
  remove("2");
  CHECK(view.marks().empty());
}

TEST_CASE_FIXTURE(view_fixture,
                  "all that the filter shows are marked at once") {
  add("c", "a");
  add("d", "b");
  add("c", "e");
  view.set_filter("container:c");
  view.update(list);
  view.select_first();
  CHECK(view.toggle_mark(list));
  view.toggle_all(list);
  CHECK(view.marks().size() == 2);
  view.set_filter("");
  view.update(list);
  CHECK(view.marks().size() == 2);
  view.toggle_all(list);
  CHECK(view.marks().size() == 3);
  view.toggle_all(list);
  CHECK(view.marks().empty());
  view.select_first();
  CHECK(view.toggle_mark(list));
  CHECK(view.toggle_mark(list));
  CHECK(view.marks().empty());
}

TEST_CASE("a filter has words for each place") {
  listed_prompt x;
  x.container = "6f1d2c3b4a59";
  x.target = "Files.Example";
  x.addresses = {"203.0.113.9"};
  x.ports = {443, 80};
  x.flags = {"shared_address"};
  x.dossier = {{"task", "pip-upgrade"}, {"container_name", "blue-fox"}};
  auto fits = [&](const char* text) { return prompt_filter{text}.fits(x); };
  for (const auto* text :
       {"", "  ", "files", "FILES 6f1d", "container:6f1d", "container:blue",
        "task:PIP", "target:example", "target:203.0", "port:443", "443",
        "flag:shared", "shared pip", "203.0.113.9", "fox", "task: port:"}) {
    CAPTURE(text);
    CHECK(fits(text));
  }
  for (const auto* text :
       {"container:files", "task:files", "target:pip", "port:44", "port:4430",
        "flag:private", "files nowhere", "44", "bogus:files"}) {
    CAPTURE(text);
    CHECK_FALSE(fits(text));
  }
}

TEST_CASE("rows, selection and marks hold together, whatever happens") {
  for (unsigned seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 engine{seed};
    auto choose = [&](unsigned n) {
      return static_cast<unsigned>(engine() % n);
    };
    view_fixture x;
    std::string before;
    for (int step = 0; step < 200; ++step) {
      const auto id = std::to_string(1 + choose(12));
      const bool had = x.view.selected().has_value();
      const auto selected_before = x.selected();
      bool is_ours = false; // the user's own step
      switch (choose(9)) {
      case 0:
      case 1:
        x.add(std::string(1, static_cast<char>('c' + choose(3))),
              "t" + std::to_string(step));
        break;
      case 2:
        x.remove(id);
        break;
      case 3:
        if (const auto* entry = x.list.find(prompt_key{"h", id})) {
          auto changed = entry->prompt;
          changed.revision += choose(2);
          changed.state =
              choose(3) == 0 ? prompt_state::decided : prompt_state::waiting;
          x.change(changed);
        }
        break;
      case 4:
        x.view.set_grouping(static_cast<prompt_grouping>(choose(3)));
        x.view.update(x.list);
        break;
      case 5:
        x.view.set_filter(choose(2) == 0 ? "" : "container:c");
        x.view.update(x.list);
        break;
      case 6:
        x.view.toggle_mark(x.list);
        break;
      case 7:
        x.view.toggle_all(x.list);
        break;
      default:
        x.view.move(static_cast<std::ptrdiff_t>(choose(7)) - 3);
        is_ours = true;
        break;
      }
      // Nobody but the user selects another prompt.
      if (!is_ours)
        REQUIRE(
            (!x.view.selected() || (had && x.selected() == selected_before)));
      // Every open prompt that fits is there once.
      std::size_t fitting = 0;
      for (const auto& [number, entry] : x.list.all())
        fitting += entry.prompt.is_open()
                           && prompt_filter{x.view.filter()}.fits(entry.prompt)
                       ? 1
                       : 0;
      REQUIRE(x.view.rows().size() == fitting);
      REQUIRE(x.view.selected().has_value()
              == x.view.selected_row().has_value());
      for (const auto& [number, revision] : x.view.marks())
        REQUIRE(x.list.find(number)->prompt.revision == revision);
    }
  }
}

} // namespace prompt_view_tests
