#include "protocol/guard/unix_sockets.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace guard_unix_sockets_tests {

using clearance::protocol::reachable_sockets;

namespace {

using paths = std::vector<std::string>;

const std::string head =
    "Num       RefCount Protocol Flags    Type St Inode Path\n";

std::string line(const std::string& flags, const std::string& type,
                 const std::string& path) {
  return "0000000000000000: 00000002 00000000 " + flags + ' ' + type
         + " 01  7777" + path + '\n';
}

} // namespace

TEST_CASE("sockets that somebody can reach are named") {
  CHECK(reachable_sockets(head).empty());
  CHECK(reachable_sockets(head + line("00010000", "0001", " /run/a")
                          + line("00010000", "0005", " /tmp/b c")
                          + line("00000000", "0002", " /run/log"))
        == paths{"/run/a", "/tmp/b c", "/run/log"});
  // A connection bears the path of its listener.
  CHECK(reachable_sockets(line("00010000", "0001", " /a")
                          + line("00000000", "0001", " /a"))
        == paths{"/a"});
}

TEST_CASE("abstract, unnamed and relative sockets have no path to hide") {
  CHECK(reachable_sockets(line("00010000", "0001", " @/a")
                          + line("00010000", "0001", "")
                          + line("00010000", "0001", " a/b"))
            .empty());
}

TEST_CASE("a list that is cut gives what is whole, and no other path") {
  const auto text = head + line("00010000", "0001", " /run/a");
  for (std::size_t n = 0; n <= text.size(); ++n)
    for (const auto& x : reachable_sockets(text.substr(0, n)))
      CHECK(std::string{"/run/a"}.starts_with(x));
  CHECK(reachable_sockets(line("x", "0001", " /a")).empty());
  CHECK(reachable_sockets(line("00010000", "", " /a")).empty());
}

} // namespace guard_unix_sockets_tests
