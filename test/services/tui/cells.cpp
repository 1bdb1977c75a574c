#include "services/tui/cells.hpp"

#include "services/tui/columns.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace cells_tests {

using namespace clearance::services;

TEST_CASE("what is outside of the grid is left out") {
  cell_grid grid{2, 5};
  CHECK(grid.put(0, 3, "abc") == 5);
  CHECK(grid.put(7, 0, "abc") == 0);
  grid.put_line(9, U'-');
  grid.restyle(9, 0, 5, {});
  grid.restyle(0, 4, 99, {.is_bold = true});
  CHECK(grid.at(0, 4).is_bold);
  CHECK_FALSE(grid.at(0, 3).is_bold);
  CHECK(grid.text(0) == "   ab");
  CHECK(grid.text(1).empty());
  grid.put_line(1, U'\u2500');
  CHECK(grid.text(1) == "-----");
  CHECK(cell_grid{0, 0}.rows() == 0);
}

TEST_CASE("a text is filled or cut to a width") {
  CHECK(fitted("abc", 5) == "abc  ");
  CHECK(fitted("abc", 3) == "abc");
  CHECK(fitted("abcd", 3) == "ab~");
  CHECK(fitted("abcd", 1) == "~");
  CHECK(fitted("abcd", 0).empty());
}

TEST_CASE("a text is broken between words") {
  using lines = std::vector<std::string>;
  CHECK(wrapped("one two three", 7) == lines{"one two", "three"});
  CHECK(wrapped("one two three", 6) == lines{"one", "two", "three"});
  CHECK(wrapped("abcdefgh", 3) == lines{"abc", "def", "gh"});
  CHECK(wrapped("", 3) == lines{""});
  CHECK(wrapped("a b", 0) == lines{"a", "b"});
}

TEST_CASE("a row is as wide as the terminal, and always has flag and target") {
  row_texts x;
  x.cursor = '>';
  x.mark = '*';
  x.flag = '!';
  x.container = "6f1d2c3b4a59";
  x.task = "pip-upgrade";
  x.target = "files.pythonhosted.org";
  x.address = "151.101.64.223";
  x.port = "443";
  x.hits = "12";
  x.age = "<1 min";
  x.hub = "terok-clearance";
  x.note = "shared address";
  for (std::size_t width = 20; width <= 300; ++width) {
    CAPTURE(width);
    for (bool has_hubs : {false, true}) {
      const column_layout layout{width, has_hubs, {}};
      CHECK(layout.titles().size() == width);
      const auto row = layout.row(x);
      CHECK(row.size() == width);
      CHECK(row.starts_with(">*! "));
      CHECK(layout.titles().find("TARGET") != std::string::npos);
      CHECK(row.find("ed.org") != std::string::npos);
    }
  }
  const auto has = [&](std::size_t width, const std::string& title) {
    return column_layout{width, true, {}}.titles().find(title)
           != std::string::npos;
  };
  // All that decides fits on 80 columns.
  for (const auto* title : {"CONTAINER", "TARGET", "PORT", "AGE", "NOTE"})
    CHECK(has(80, title));
  for (const auto* title : {"TASK", "ADDRESS", "HITS", "HUB"}) {
    CHECK_FALSE(has(80, title));
    CHECK(has(160, title));
  }
  const column_layout wide{160, true, {22, 14}};
  const auto row = wide.row(x);
  for (const auto& text : {x.container, x.task, x.target, x.address, x.port,
                           x.hits, x.age, x.hub, x.note})
    CHECK(row.find(text) != std::string::npos);
}

// A note of two flags was cut although the targets left room.
TEST_CASE("short targets leave room for the note") {
  row_texts x;
  x.container = "6f1d2c3b4a59";
  x.target = "10.0.0.1";
  x.note = "private address, no name";
  CHECK(column_layout{80, false, {8, 24}}.is_whole(x));
  CHECK_FALSE(column_layout{80, false, {22, 12}}.is_whole(x));
  // Wide enough for two ports.
  x.port = "8080, 443";
  CHECK(column_layout{160, false, {}}.row(x).find(x.port) != std::string::npos);
  // A long target gets what a short note leaves.
  x.target = std::string(30, 't');
  x.note = "no name";
  CHECK(column_layout{80, false, {30, 7}}.is_whole(x));
}

TEST_CASE("a name is cut in its middle") {
  const std::string name = "pypi.org.something.evil.test";
  for (std::size_t width = 0; width < 40; ++width)
    CHECK(fitted_middle(name, width).size() == width);
  CHECK(fitted_middle(name, 19) == "pypi.o~ng.evil.test");
  CHECK(fitted_middle(name, 3) == "~st");
  CHECK(fitted_middle(name, name.size()) == name);
}

} // namespace cells_tests
