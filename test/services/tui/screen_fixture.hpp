/// A screen in front of a list, with a clock that the test moves.
#pragma once

#include "services/tui/screen.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace screen_tests {

using namespace clearance;
using namespace clearance::services;
using namespace std::chrono_literals;
using protocol::listed_prompt;

inline listed_prompt open_prompt(const std::string& id) {
  listed_prompt x;
  x.id = id;
  x.revision = 1;
  x.container = "c1";
  x.target = x.domain = id + ".example";
  x.dest = "203.0.113.7";
  x.addresses = {x.dest};
  x.ports = {443};
  x.count = 1;
  x.opens = "An allow opens everything of " + x.target + ".";
  x.dossier = {{"task", "build"}};
  return x;
}

struct screen_fixture {
  screen_fixture() {
    list.connected("/run/h.sock");
    protocol::watch_reply x;
    x.complete = true;
    list.apply("/run/h.sock", x);
  }

  void change(const listed_prompt& x) {
    protocol::watch_reply reply;
    reply.prompt = x;
    list.apply("/run/h.sock", reply);
  }

  void remove(const std::string& id) {
    protocol::watch_reply reply;
    reply.removed.push_back(id);
    list.apply("/run/h.sock", reply);
  }

  screen_time time() const { return {now, wall, "22:14", "2026-12-29"}; }

  cell_grid draw() { return view.draw(rows, columns, time()); }

  /// The picture as lines.
  std::string picture() {
    const auto grid = draw();
    std::string result;
    for (std::size_t i = 0; i < grid.rows(); ++i)
      result += grid.text(i) + "\n";
    return result;
  }

  bool shows(const std::string& text) {
    return picture().find(text) != std::string::npos;
  }

  std::string bottom() {
    const auto grid = draw();
    return grid.text(grid.rows() - 1);
  }

  /// As the program does it: what changed is drawn before a key is taken.
  std::vector<screen_wish> press(const key& x) {
    draw();
    auto result = view.press(x, time());
    draw();
    return result;
  }

  /// Each character is a key.
  std::vector<screen_wish> type(std::string_view keys) {
    std::vector<screen_wish> result;
    for (char c : keys)
      for (auto& wish : press({key::kind::character, std::string{c}}))
        result.push_back(std::move(wish));
    return result;
  }

  /// The same, with a look at the screen before each key.
  std::vector<screen_wish> slowly(std::string_view keys) {
    std::vector<screen_wish> result;
    for (char c : keys) {
      look();
      for (auto& wish : type({&c, 1}))
        result.push_back(std::move(wish));
    }
    return result;
  }

  std::vector<screen_wish> press(key::kind what) {
    return press(key{what, {}});
  }

  /// Long enough for a person to have seen the picture.
  void look() {
    draw();
    now += 500ms;
  }

  /// The ids that are decided, each with its action.
  static std::string decisions(const std::vector<screen_wish>& wishes) {
    std::string result;
    for (const auto& x : wishes)
      if (const auto* decide = std::get_if<decide_wish>(&x))
        result += std::string{result.empty() ? "" : " "}
                  + (decide->action == protocol::action::allow ? "+" : "-")
                  + decide->prompt.id;
    return result;
  }

  protocol::prompt_list list;
  screen view{list, false};
  protocol::time_point now = protocol::time_point{} + std::chrono::hours{1};
  std::int64_t wall = 600'000'000;
  std::size_t rows = 24;
  std::size_t columns = 80;
};

} // namespace screen_tests
