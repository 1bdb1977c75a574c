#include "services/client/relay_mux.hpp"

#include "protocol/operator/client_limits.hpp"
#include "test/support/net/raw_socket.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace relay_mux_tests {

using namespace clearance;
using namespace clearance::services;
using clearance::test::raw_socket;
namespace limits = protocol::client_limits;

// The test steps both ends: nothing waits for a clock.
namespace {

std::pair<descriptor, descriptor> socket_pair() {
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                       pair.data())
          == 0);
  return {descriptor{pair[0]}, descriptor{pair[1]}};
}

raw_socket as_test_socket(descriptor x) {
  return raw_socket{test::unique_fd{x.release()}};
}

std::string message(const std::string& text) {
  return "{\"a\":\"" + text + "\"}" + '\0';
}

struct mux_fixture {
  mux_fixture() {
    std::tie(near_end, far_end) = socket_pair();
    near.emplace(
        near_end.get(), near_end.get(),
        relay_role{[this](std::vector<std::string> x) { hubs = std::move(x); },
                   {}});
    far.emplace(far_end.get(), far_end.get(),
                relay_role{{},
                           [this](const std::string& hub)
                               -> std::variant<descriptor, std::string> {
                             if (hub == "/none")
                               return std::string{"there is no such hub"};
                             auto [ours, theirs] = socket_pair();
                             at_hub.push_back(as_test_socket(std::move(ours)));
                             return std::move(theirs);
                           }});
  }

  static std::string step(relay_mux& mux) {
    std::vector<pollfd> entries;
    mux.append(entries);
    ::poll(entries.data(), entries.size(), 0);
    return mux.handle(entries);
  }

  /// Until what was sent has arrived.
  void settle() {
    for (int i = 0; i < 40; ++i) {
      CHECK(step(*near).empty());
      CHECK(step(*far).empty());
    }
  }

  /// The client's end of a new channel.
  raw_socket open(const std::string& hub) {
    auto [ours, theirs] = socket_pair();
    CHECK(near->open(hub, std::move(theirs)));
    settle();
    return as_test_socket(std::move(ours));
  }

  descriptor near_end;
  descriptor far_end;
  std::vector<std::string> hubs;
  std::vector<raw_socket> at_hub;
  std::optional<relay_mux> near;
  std::optional<relay_mux> far;
};

} // namespace

TEST_CASE_FIXTURE(mux_fixture, "hubs are told, and messages go both ways") {
  far->announce({"/a", "/b"});
  settle();
  CHECK(hubs == std::vector<std::string>{"/a", "/b"});
  auto client = open("/a");
  auto other = open("/b");
  REQUIRE(at_hub.size() == 2);
  client.send(message("question"));
  other.send(message("other"));
  settle();
  CHECK(at_hub[0].read_frame() == R"({"a":"question"})");
  CHECK(at_hub[1].read_frame() == R"({"a":"other"})");
  at_hub[0].send(message("one") + message("two"));
  settle();
  CHECK(client.read_frame() == R"({"a":"one"})");
  CHECK(client.read_frame() == R"({"a":"two"})");
}

TEST_CASE_FIXTURE(mux_fixture, "an end is passed on, behind all messages") {
  auto client = open("/a");
  SUBCASE("of the hub") {
    at_hub[0].send(message("last"));
    at_hub.clear();
    settle();
    CHECK(client.read_to_end() == message("last"));
    CHECK(near->channels() == 0);
    CHECK(far->channels() == 0);
  }
  SUBCASE("of the client") {
    client.send(message("last"));
    { auto gone = std::move(client); }
    settle();
    CHECK(at_hub[0].read_to_end() == message("last"));
    CHECK(near->channels() == 0);
    CHECK(far->channels() == 0);
  }
  SUBCASE("of the connection") {
    far.reset();
    far_end.reset();
    CHECK(step(*near) == relay_mux::closed);
    near.reset();
    CHECK(client.read_to_end().empty());
  }
}

TEST_CASE_FIXTURE(mux_fixture, "a hub that there is not ends the channel") {
  auto client = open("/none");
  CHECK(client.read_to_end().empty());
  CHECK(near->channels() == 0);
}

TEST_CASE_FIXTURE(mux_fixture, "a client that does not read stops its hub") {
  auto lazy = open("/a");
  auto busy = open("/b");
  const auto each = message(std::string(1000, 'x'));
  std::size_t sent = 0;
  std::string rest;
  for (int i = 0; i < 200 || rest.empty(); ++i) {
    auto bytes = rest.empty() ? each : rest;
    const auto n = at_hub[0].send_some(bytes);
    sent += n;
    rest = bytes.substr(n);
    settle();
    if (i > 2000)
      break;
  }
  // The kernel holds some on its way in, and on its way out.
  CHECK_MESSAGE(!rest.empty(), "the hub was read though nobody reads");
  CHECK(sent < 2'000'000);
  at_hub[1].send(message("goes on"));
  settle();
  CHECK(busy.read_frame() == R"({"a":"goes on"})");
  // And it goes on when the client reads.
  std::size_t read = 0;
  std::string got;
  for (int i = 0; i < 1000 && read < sent; ++i) {
    got.clear();
    lazy.read_some(got);
    read += got.size();
    rest = rest.substr(at_hub[0].send_some(rest));
    settle();
  }
  CHECK(read >= sent);
}

TEST_CASE_FIXTURE(mux_fixture, "there are so many channels and no more") {
  std::vector<raw_socket> all;
  for (std::size_t i = 0; i < limits::relay_channels_max; ++i) {
    auto [ours, theirs] = socket_pair();
    REQUIRE(near->open("/a", std::move(theirs)));
    all.push_back(as_test_socket(std::move(ours)));
  }
  auto [ours, theirs] = socket_pair();
  CHECK_FALSE(near->open("/a", std::move(theirs)));
  settle();
  CHECK(at_hub.size() == limits::relay_channels_max);
  // The relay holds to it as well, whoever the client is.
  std::string frame;
  append_relay_frame(frame, protocol::relay_open{999'999, "/a"});
  as_test_socket(descriptor{::dup(near_end.get())}).send(frame);
  CHECK(step(*far).empty());
  CHECK(far->channels() == limits::relay_channels_max);
}

TEST_CASE_FIXTURE(mux_fixture, "an end that breaks the rules is left") {
  auto client = open("/a");
  std::string bytes;
  std::string why;
  auto from_far = as_test_socket(descriptor{::dup(far_end.get())});
  auto from_near = as_test_socket(descriptor{::dup(near_end.get())});
  SUBCASE("a relay opens channels") {
    append_relay_frame(bytes, protocol::relay_open{7, "/a"});
    from_far.send(bytes);
    why = step(*near);
  }
  SUBCASE("a client has hubs") {
    append_relay_frame(bytes, protocol::relay_hubs{});
    from_near.send(bytes);
    why = step(*far);
  }
  SUBCASE("a channel is opened twice") {
    append_relay_frame(bytes, protocol::relay_open{1, "/a"});
    from_near.send(bytes);
    why = step(*far);
  }
  SUBCASE("credit for what was not sent") {
    append_relay_frame(bytes, protocol::relay_credit{1, 100});
    from_far.send(bytes);
    why = step(*near);
  }
  SUBCASE("more than there is credit for") {
    const std::string large = "{" + std::string(40'000, ' ') + "}";
    for (int i = 0; i < 3; ++i)
      append_relay_frame(bytes, protocol::relay_data{1, large});
    // The client's own socket takes nothing more.
    for (int i = 0; i < 20 && why.empty(); ++i) {
      from_far.send_some(bytes);
      why = step(*near);
    }
  }
  SUBCASE("a text that no relay writes") {
    from_far.send("Welcome!\n" + std::string(1, '\0'));
    why = step(*near);
  }
  CHECK_FALSE(why.empty());
}

} // namespace relay_mux_tests
