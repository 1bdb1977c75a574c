#include "protocol/guard/dns_frame.hpp"

#include <doctest/doctest.h>

#include <ostream>

namespace guard_dns_frame_tests {

using namespace clearance::protocol;
using namespace std::string_literals;
using kind = dns_frame::kind;

TEST_CASE("a message in a connection is whole when its last byte is there") {
  const auto all = dns_frame_of("query") + dns_frame_of("more");
  for (std::size_t size = 0; size <= all.size(); ++size) {
    CAPTURE(size);
    const auto x = first_dns_frame(std::string_view{all}.substr(0, size), 5);
    CHECK(x.what == (size < 7 ? kind::need_more : kind::complete));
    CHECK(x.message == (size < 7 ? "" : "query"));
    CHECK(x.bytes == (size < 7 ? 0 : 7));
  }
}

TEST_CASE("a message that is empty or too long is malformed at once") {
  CHECK(first_dns_frame("\0\0"s, 5).what == kind::malformed);
  CHECK(first_dns_frame("\0\x06"s, 5).what == kind::malformed);
  CHECK(first_dns_frame("\0\x05"s, 5).what == kind::need_more);
  CHECK(first_dns_frame("\xff\xff"s, 0xffff).what == kind::need_more);
}

TEST_CASE("a frame's size has two bytes, the higher one first") {
  const auto x = dns_frame_of(std::string(0x0102, 'a'));
  CHECK(x.substr(0, 3) == "\x01\x02"s + 'a');
  CHECK(first_dns_frame(x, 0xffff).message.size() == 0x0102);
}

} // namespace guard_dns_frame_tests
