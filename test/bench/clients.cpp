#include "test/bench/clients.hpp"

#include "test/support/deadline.hpp"

#include <poll.h>
#include <string_view>

namespace clearance::bench {

namespace {

const std::string subscribe_call =
    R"({"method":"org.terok.Clearance1.Subscribe","more":true})"
    + std::string(1, '\0');

// A kind that binds nothing: nobody is handed it later.
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

} // namespace

std::string request_id(std::size_t number) {
  auto digits = std::to_string(number);
  return std::string(block_container) + ":"
         + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') + digits;
}

std::string block_line(std::size_t number) {
  return R"({"type":"pending","container":")" + std::string(block_container)
         + R"(","id":")" + request_id(number)
         + R"(","dest":"203.0.113.7","port":443,"proto":6,"domain":")"
         + block_target
         + R"(","dossier":{"project":"alpha","task":"t42","name":"blue-fox",)"
         + R"("container_name":"terok-alpha-t42"}})" + "\n";
}

clients connect_clients(const server& to, std::size_t subscribers) {
  clients result{test::raw_socket{to.reader()}, {}};
  for (std::size_t i = 0; i < subscribers; ++i) {
    auto& x = result.subscribers.emplace_back(to.clearance());
    x.send(subscribe_call);
  }
  // Marks until each has seen one, then one that ends all it has.
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
