#include "protocol/hub/open_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace open_request_tests {

using namespace clearance::protocol;

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
  for (std::size_t size : {87U, 88U, 89U, 1000U, 10U}) {
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

} // namespace open_request_tests
