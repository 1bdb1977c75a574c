#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace clearance::test {

namespace {

protocol::event block_of(std::size_t n, std::string_view container) {
  protocol::event x;
  x.type = protocol::event_type::connection_blocked;
  x.container = container;
  x.request_id = x.container + ":" + std::to_string(n);
  x.dest = "203.0.113.7";
  x.port = 443;
  x.proto = 6;
  return x;
}

} // namespace

actors::event_ptr blocked(std::size_t n, std::string_view container) {
  return actors::make_event(block_of(n, container));
}

event_list blocks(std::size_t first, std::size_t last,
                  std::string_view container) {
  event_list result;
  for (auto n = first; n <= last; ++n)
    result.push_back(blocked(n, container));
  return result;
}

std::string line(std::size_t n, std::string_view container) {
  auto name = std::string{container};
  return R"({"type":"pending","container":")" + name + R"(","id":")" + name
         + ":" + std::to_string(n)
         + R"(","dest":"203.0.113.7","port":443,"proto":6})";
}

std::vector<std::string> lines(std::size_t first, std::size_t last,
                               std::string_view container) {
  std::vector<std::string> result;
  for (auto n = first; n <= last; ++n)
    result.push_back(line(n, container));
  return result;
}

actors::event_ptr plain(protocol::event_type type, std::string_view container) {
  protocol::event x;
  x.type = type;
  x.container = container;
  return actors::make_event(x);
}

actors::event_ptr sized(std::size_t n, std::size_t wire_bytes) {
  auto x = block_of(n, "c1");
  auto least = actors::announced_event{x}.wire().size();
  REQUIRE(wire_bytes >= least);
  x.reason.assign(wire_bytes - least, 'x');
  auto result = actors::make_event(x);
  REQUIRE(result->wire().size() == wire_bytes);
  return result;
}

actors::event_batch_ptr batch_of(event_list events) {
  return std::make_shared<const actors::event_batch>(std::move(events));
}

actors::announced announcing(event_list events) {
  return {batch_of(std::move(events))};
}

std::string wire_of(const event_list& events) {
  std::string result;
  for (auto& x : events)
    result += x->wire();
  return result;
}

std::string wire_of(const actors::event_batch& events) {
  return std::string{events.wire(0, events.size())};
}

event_list list_of(const actors::event_batch& events) {
  event_list result;
  for (std::size_t i = 0; i < events.size(); ++i)
    result.push_back(events.at(i));
  return result;
}

std::vector<std::string> request_ids(std::string_view wire) {
  constexpr std::string_view key = R"("request_id":")";
  std::vector<std::string> result;
  for (auto end = wire.find('\0'); end != wire.npos; end = wire.find('\0')) {
    auto message = wire.substr(0, end);
    wire.remove_prefix(end + 1);
    auto at = message.find(key);
    REQUIRE(at != message.npos);
    message.remove_prefix(at + key.size());
    result.emplace_back(message.substr(0, message.find('"')));
  }
  return result;
}

std::vector<std::string> ids(std::size_t first, std::size_t last,
                             std::string_view container) {
  std::vector<std::string> result;
  for (auto n = first; n <= last; ++n)
    result.push_back(std::string{container} + ":" + std::to_string(n));
  return result;
}

} // namespace clearance::test
