#include "test/bench/clients.hpp"

#include "test/support/deadline.hpp"

#include <algorithm>
#include <poll.h>
#include <string_view>

namespace clearance::bench {

namespace {

const std::string subscribe_call =
    R"({"method":"org.terok.Clearance1.Subscribe","more":true})"
    + std::string(1, '\0');

// A kind of event that opens no request: later clients do not get it.
std::string mark_line(const std::string& name) {
  return R"({"type":"shield_up","container":")" + name + "\"}\n";
}

void read_until(test::raw_socket& x, const std::string& mark) {
  for (;;) {
    auto frame = x.read_frame();
    if (!frame)
      throw std::runtime_error("a subscriber's connection was closed");
    if (frame->find(mark) != std::string::npos)
      return;
  }
}

std::string digits(std::size_t number, std::size_t at_least) {
  auto result = std::to_string(number);
  result.insert(0, at_least - std::min(result.size(), at_least), '0');
  return result;
}

std::string line_of(std::string_view container, std::string_view id) {
  return R"({"type":"pending","container":")" + std::string(container)
         + R"(","id":")" + std::string(id)
         + R"(","dest":"203.0.113.7","port":443,"proto":6,"domain":")"
         + block_target
         + R"(","dossier":{"project":"alpha","task":"t42","name":"blue-fox",)"
         + R"("container_name":"terok-alpha-t42"}})" + "\n";
}

} // namespace

std::string request_id(std::size_t number) {
  return std::string(block_container) + ":" + digits(number, 7);
}

std::string block_line(std::size_t number) {
  return line_of(block_container, request_id(number));
}

// Two rounds of SplitMix64's mixer: a mixed order, the same in every run.
std::string mixed_block_line(std::size_t number) {
  auto mixed = (number + 1) * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return line_of("6f1d2c3b" + digits((mixed >> 48) % 1000, 4),
                 "mixed-of-all:" + digits((mixed >> 16) % 10'000, 7));
}

clients connect_clients(const server& to, std::size_t subscribers) {
  clients result{test::raw_socket{to.reader()}, {}};
  for (std::size_t i = 0; i < subscribers; ++i) {
    auto& x = result.subscribers.emplace_back(to.clearance());
    x.send(subscribe_call);
  }
  // Sends marks until each subscriber has seen one, then one last mark.
  const test::deadline guard;
  for (auto& x : result.subscribers)
    while (!x.readable()) {
      result.reader.send(mark_line("mark"));
      guard.pace("a subscription", {x.fd()});
    }
  result.reader.send(mark_line("last-mark"));
  for (auto& x : result.subscribers)
    read_until(x, "last-mark");
  return result;
}

} // namespace clearance::bench
