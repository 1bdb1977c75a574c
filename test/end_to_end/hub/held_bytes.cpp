// The memory that all peers of a socket hold together is limited, in addition
// to the limit of each peer.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace held_bytes_tests {

namespace {

using namespace clearance::test;

constexpr std::size_t mebibyte = 1024 * 1024;

/// The limit for one socket in limits.hpp, and 12 MiB for a few hundred
/// connections and for the allocator.
constexpr std::size_t most = (32 + 12) * mebibyte;

constexpr int crowd = 300;

} // namespace

// Each connection may hold 256 KiB of a line; 300 of them would hold 75 MiB.
TEST_CASE("long unfinished lines take a limited memory, and no block is lost") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const auto before = resident_bytes(server.pid());
  std::vector<raw_socket> readers;
  for (int i = 0; i < crowd; ++i) {
    readers.emplace_back(where.reader());
    readers.back().send_apart(std::string(250'000, 'x'));
  }
  CHECK(resident_bytes(server.pid()) < before + most * bytes_a_byte);
  // Readers that hold no bytes are served. Short lines of readers that hold
  // many bytes are served, too.
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  readers.back().send_apart("\n" + plain_line("shield_up", "c1"));
  CHECK(watcher.next_event().type == "shield_up");
  server.process().await_err(
      "a long line, and the memory that readers share is used up");
  // Long lines are served again when there is room.
  const auto all = descriptor_count(server.pid());
  readers.clear();
  await_descriptor_count(server.pid(), all - crowd);
  auto reader = server.reader();
  reader.send(R"({"type":"shield_down","container":"c1","x":")"
              + std::string(100'000, 'x') + "\"}\n");
  CHECK(watcher.next_event().type == "shield_down");
}

// Each client may send 1 MiB: 300 MiB together.
TEST_CASE(
    "long unfinished messages are closed when the shared memory is used up") {
  const runtime where;
  hub server{where};
  const auto before = resident_bytes(server.pid());
  std::vector<raw_socket> clients;
  int closed = 0;
  for (int i = 0; i < crowd; ++i) {
    clients.emplace_back(where.clearance());
    try {
      for (int n = 0; n < 9; ++n)
        clients.back().send_apart(std::string(100'000, 'x'));
    } catch (const peer_closed&) {
      ++closed;
    }
  }
  CHECK(resident_bytes(server.pid()) < before + most * bytes_a_byte);
  CHECK(closed > crowd / 2);
  CHECK(closed < crowd);
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
}

} // namespace held_bytes_tests
