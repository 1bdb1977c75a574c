// A message that is not a call closes its connection and is logged. No other
// connection is affected, no memory is lost and nothing crashes. Source:
// clearance.md, section 7.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace varlink_hostile_tests {

namespace {

using namespace clearance::test;
using namespace std::string_literals;

constexpr std::size_t message_max_bytes = 1024 * 1024;
constexpr std::size_t mebibyte = 1024 * 1024;
constexpr auto get_info = "org.varlink.service.GetInfo";

/// A GetInfo call of exactly `size` bytes, without its NUL.
std::string call_of(std::size_t size) {
  const std::string head = R"({"method":"org.varlink.service.GetInfo","x":")";
  return head + std::string(size - head.size() - 2, 'x') + R"("})";
}

/// Both services must behave in the same way.
const std::vector<std::filesystem::path> paths_of(const operation& x) {
  return {x.where.clearance(), x.where.verdict()};
}

/// The answer to `bytes`, up to the end of the stream.
std::string answer_to(const std::filesystem::path& path,
                      std::string_view bytes) {
  raw_socket socket{path};
  try {
    socket.send(bytes);
  } catch (const peer_closed&) {
    // The server closed before it had read everything; this is allowed.
  }
  return socket.read_to_end();
}

} // namespace

TEST_CASE(
    "a message that is not a call closes the connection without an answer") {
  operation x{executor::helper};
  const std::string messages[] = {
      "",
      " ",
      "hello",
      "null",
      "42",
      "\"org.varlink.service.GetInfo\"",
      "[]",
      R"([{"method":"org.varlink.service.GetInfo"}])",
      "{}",
      R"({"parameters":{}})",
      R"({"method":null})",
      R"({"method":1})",
      R"({"method":["org.varlink.service.GetInfo"]})",
      R"({"method":""})",
      R"({"method":"GetInfo"})",
      R"({"method":"org.varlink.service.GetInfo")",
      R"({"method":"org.varlink.service.GetInfo"}})",
      R"({"method":"org.varlink.service.GetInfo"} {})",
      R"({"method":"org.varlink.service.GetInfo","x":nul})",
      R"({"method":"org.varlink.service.GetInfo","more":1})",
      R"({"method":"org.varlink.service.GetInfo","more":null})",
      R"({"method":"org.varlink.service.GetInfo","more":"true"})",
      R"({"method":"org.varlink.service.GetInfo","oneway":0})",
      R"({"method":"org.varlink.service.GetInfo","oneway":{}})",
      R"({"method":"org.varlink.service.GetInfo","upgrade":"no"})",
      R"({"method":"org.varlink.service.GetInfo","parameters":[]})",
      R"({"method":"org.varlink.service.GetInfo","parameters":"x"})",
      "{\"method\":\"org.varlink.service.GetInfo\",\"x\":\"\xff\"}",
      "{\"method\":\"org.varlink.service.GetInfo\",\"x\":\"\xed\xa0\x80\"}",
      "{\"method\":\"org.varlink.service.GetInfo\",\"x\":\"\x01\"}",
      "\xff\xfe{\"method\":\"org.varlink.service.GetInfo\"}",
      "GET / HTTP/1.1\r\n\r\n",
  };
  for (const auto& path : paths_of(x)) {
    for (const auto& message : messages) {
      CAPTURE(message);
      CHECK(answer_to(path, message + '\0') == "");
    }
    CHECK(varlink_client{path}.call(get_info).error == "");
  }
}

TEST_CASE("a connection closed for its message is logged, escaped") {
  const runtime where;
  hub server{where};
  CHECK(answer_to(where.clearance(), "\x1b[31mhello\0"s) == "");
  server.process().await_err("closed a client");
  CHECK(server.process().err().find('\x1b') == std::string::npos);
}

TEST_CASE("replies to good calls come before the close") {
  operation x{executor::helper};
  for (const auto& path : paths_of(x)) {
    const auto answer =
        answer_to(path, call_bytes(get_info) + "bad\0"s + call_bytes(get_info));
    CHECK(std::ranges::count(answer, '\0') == 1);
    CHECK(answer.starts_with("{"));
  }
}

TEST_CASE("a message of 1 MiB is answered, a longer one closes the "
          "connection") {
  operation x{executor::helper};
  for (const auto& path : paths_of(x)) {
    varlink_client client{path};
    client.socket().send(call_of(message_max_bytes) + '\0');
    CHECK(client.next_reply().error == "");
    CHECK(answer_to(path, call_of(message_max_bytes + 1) + '\0') == "");
    // The server closes before the message ends.
    CHECK(answer_to(path, std::string(message_max_bytes + 1, ' ')) == "");
    CHECK(client.call(get_info).error == "");
  }
}

TEST_CASE("deep nesting does not crash the parser") {
  operation x{executor::helper};
  for (const auto& path : paths_of(x)) {
    for (std::size_t depth : {1000U, 500'000U}) {
      const auto message = R"({"method":"org.varlink.service.GetInfo","x":)"
                           + std::string(depth, '[') + std::string(depth, ']')
                           + "}";
      CHECK(answer_to(path, message + '\0') == "");
    }
    CHECK(answer_to(path, std::string(100'000, '[') + '\0') == "");
    CHECK(varlink_client{path}.call(get_info).error == "");
  }
}

TEST_CASE("an unfinished message is an error at a half-close, and ignored at a "
          "hang-up") {
  operation x{executor::helper};
  for (const auto& path : paths_of(x)) {
    auto call = call_bytes(get_info);
    call.pop_back();
    raw_socket half{path};
    half.send(call);
    half.half_close();
    CHECK(half.read_to_end()
          == R"({"error":"org.varlink.service.InvalidParameter",)"
             R"("parameters":{"parameter":"the NUL at the end of a )"
             R"(message"}})"
                 + std::string(1, '\0'));
    raw_socket{path}.send(call);
    CHECK(varlink_client{path}.call(get_info).error == "");
  }
}

TEST_CASE("a client that sends calls and never reads is not read from, and "
          "costs no memory") {
  operation x{executor::helper};
  for (const auto& path : paths_of(x)) {
    const auto pid =
        path == x.where.clearance() ? x.server.pid() : x.helper->pid();
    const auto call = call_bytes("org.varlink.service.GetInterfaceDescription",
                                 R"({"interface":"org.varlink.service"})");
    varlink_client other{path};
    CHECK(other.call(get_info).error == "");
    const auto before = resident_bytes(pid);
    varlink_client greedy{path};
    // Sends until the hub has read nothing for many rounds of another client.
    std::size_t sent = 0;
    for (int still = 0; still < 50;) {
      const auto left = std::string_view(call).substr(sent % call.size());
      const auto n = greedy.socket().send_some(left);
      sent += n;
      REQUIRE(sent < 16 * mebibyte);
      still = n == 0 ? still + 1 : 0;
      if (n == 0)
        CHECK(other.call(get_info).error == "");
    }
    CHECK(resident_bytes(pid) < before + mebibyte * bytes_a_byte);
    // When the client reads at last, no reply is missing.
    for (std::size_t i = 0; i < sent / call.size(); ++i)
      CHECK(greedy.next_reply().error == "");
    greedy.socket().send(std::string_view(call).substr(sent % call.size()));
    CHECK(greedy.next_reply().error == "");
  }
}

TEST_CASE("a hub with many connections that send nothing, or half a message, "
          "serves others") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  const auto before = descriptor_count(server.pid());
  {
    std::vector<raw_socket> silent;
    for (int i = 0; i < 200; ++i) {
      silent.emplace_back(where.clearance());
      silent.emplace_back(where.reader());
      silent.back().send("{\"type\":");
    }
    await_descriptor_count(server.pid(), before + 400);
    server.emit(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
  }
  await_descriptor_count(server.pid(), before);
}

} // namespace varlink_hostile_tests
