#include "protocol/supervisor/container_list.hpp"

#include <doctest/doctest.h>

#include <string>

namespace container_list_tests {

using namespace clearance::protocol;

namespace {

const std::string id_a(64, 'a');
const std::string id_b(64, '0');

} // namespace

TEST_CASE("a list of containers has a line for each") {
  CHECK(parse_container_list(id_a + " demo\n" + id_b + " web-1.x_y\n")
        == std::vector<listed_container>{{id_a, "demo"}, {id_b, "web-1.x_y"}});
  CHECK(parse_container_list("").empty());
}

TEST_CASE("a line that is no container is left out") {
  for (const auto& line : std::vector<std::string>{
           "", id_a, id_a + " ", " demo", id_a.substr(1) + " demo",
           id_a + "a demo", std::string(64, 'A') + " demo",
           std::string(64, 'g') + " demo", id_a + " -demo", id_a + " de mo",
           id_a + "\tdemo", id_a + " demo\r",
           id_a + " " + std::string(256, 'x'), id_a + " demo,other",
           "Error: no such thing"}) {
    CAPTURE(line);
    CHECK(parse_container_list(line + "\n" + id_b + " last\n")
          == std::vector<listed_container>{{id_b, "last"}});
  }
}

TEST_CASE("a list that was cut loses its last line alone") {
  const auto whole = id_a + " demo\n" + id_b + " last\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(parse_container_list(whole.substr(0, size)).size()
          == (size < id_a.size() + 6 ? 0 : 1));
  }
}

} // namespace container_list_tests
