#include "protocol/operator/relay_frame.hpp"

#include "protocol/base/framing.hpp"
#include "protocol/operator/client_limits.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace relay_frame_tests {

using namespace clearance::protocol;
namespace limits = client_limits;

namespace {

const relay_hubs two_hubs{
    {"/run/user/1/terok-clearance.sock", "/b \"x\".sock"}};

template <class Frame>
std::string framed(const Frame& x) {
  std::string result;
  append_relay_frame(result, x);
  return result;
}

/// Every kind of frame, as its end writes it.
std::string every_frame() {
  return framed(two_hubs) + framed(relay_open{1, "/run/a.sock"})
         + framed(relay_data{1, R"({"method":"a}}"})"})
         + framed(relay_credit{4294967295, 20000})
         + framed(relay_close{0, "the hub \"closed\""});
}

std::vector<std::string> kinds_of(const std::string& bytes, std::size_t cut) {
  framer in{'\0', limits::relay_frame_max_bytes, framer::overflow::fail};
  frame_batch frames;
  CHECK(in.feed(std::string_view{bytes}.substr(0, cut), frames));
  CHECK(in.feed(std::string_view{bytes}.substr(cut), frames));
  std::vector<std::string> result;
  for (std::size_t i = 0; i < frames.size(); ++i)
    result.push_back(std::to_string(parse_relay_frame(frames.at(i)).index()));
  return result;
}

std::string fault_of(std::string_view frame) {
  const auto x = parse_relay_frame(frame);
  const auto* fault = std::get_if<relay_fault>(&x);
  return fault == nullptr ? "" : fault->why;
}

} // namespace

TEST_CASE("each frame is read as it was written") {
  std::string text = framed(two_hubs);
  text.pop_back();
  CHECK(parse_relay_frame(text) == relay_frame{two_hubs});
  CHECK(parse_relay_frame(R"({"channel":7,"open":"/a"})")
        == relay_frame{relay_open{7, "/a"}});
  CHECK(parse_relay_frame(R"({"channel":7,"data":{"parameters":{}}})")
        == relay_frame{relay_data{7, R"({"parameters":{}})"}});
  CHECK(parse_relay_frame(R"({"channel":7,"credit":16384})")
        == relay_frame{relay_credit{7, 16384}});
  CHECK(parse_relay_frame(R"({"channel":7,"close":""})")
        == relay_frame{relay_close{7, ""}});
}

TEST_CASE("frames may be cut at every byte") {
  const auto bytes = every_frame();
  const std::vector<std::string> kinds{"1", "2", "3", "4", "5"};
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK(kinds_of(bytes, cut) == kinds);
  }
}

TEST_CASE("a message is passed on byte by byte, whatever is in it") {
  // Who gets it judges it: this is no JSON, and the frame none, but its end is
  // not to be mistaken.
  const std::string message = R"({"a":"}},"channel":9,"close":"x"})";
  auto text = framed(relay_data{3, message});
  text.pop_back();
  CHECK(parse_relay_frame(text) == relay_frame{relay_data{3, message}});
}

TEST_CASE("what is no frame is refused, and said to be so") {
  for (std::string_view text : {
           "",
           "SSH-2.0-OpenSSH_9.2",
           "[]",
           "{}",
           R"({"hubs":{}})",
           R"({"hubs":["relative"]})",
           R"({"hubs":["//host/a"]})",
           R"({"hubs":[1]})",
           R"({"hubs":[],"more":1})",
           R"({"channel":1})",
           R"({"channel":1,"open":"a"})",
           R"({"channel":1,"open":7})",
           R"({"channel":1,"other":"a"})",
           R"({"channel":1,"credit":0})",
           R"({"channel":1,"credit":-1})",
           R"({"channel":1,"credit":1048577})",
           R"({"channel":1,"credit":1e3})",
           R"({"channel":-1,"close":""})",
           R"({"channel":01,"close":""})",
           R"({"channel":4294967296,"close":""})",
           R"({"channel":"1","close":""})",
           R"({"open":"/a","channel":1})",
           R"({"channel":1,"close":"","more":1})",
           R"({"channel":1,"data":7})",
           R"({"channel":1,"data":"text"})",
           R"({"channel":1,"data":[]})",
       }) {
    CAPTURE(text);
    CHECK(fault_of(text).starts_with("it sent bytes that are no frame: "));
  }
}

TEST_CASE("paths and hubs have their limits") {
  const std::string longest(limits::relayed_path_max_bytes - 1, 'a');
  CHECK(fault_of(R"({"channel":1,"open":"/)" + longest + "\"}").empty());
  CHECK_FALSE(fault_of(R"({"channel":1,"open":"/)" + longest + "a\"}").empty());
  relay_hubs many{
      std::vector<std::string>(limits::followed_hubs_max, "/a.sock")};
  auto text = framed(many);
  text.pop_back();
  CHECK(fault_of(text).empty());
  many.paths.emplace_back("/b.sock");
  text = framed(many);
  text.pop_back();
  CHECK(fault_of(text).ends_with("too many hubs"));
}

TEST_CASE("the largest message fits into a frame of any channel") {
  std::string message(relayed_message_max_bytes(), ' ');
  message.front() = '{';
  message.back() = '}';
  const auto bytes = framed(relay_data{4294967295, message});
  CHECK(bytes.size() == limits::relay_frame_max_bytes + 1); // and its NUL
  framer in{'\0', limits::relay_frame_max_bytes, framer::overflow::fail};
  frame_batch frames;
  CHECK(in.feed(bytes, frames));
  REQUIRE(frames.size() == 1);
  CHECK(parse_relay_frame(frames.at(0))
        == relay_frame{relay_data{4294967295, message}});
}

TEST_CASE("credit: the sender stops, and goes on when it was passed on") {
  relay_sender sender;
  relay_receiver receiver;
  std::size_t sent = 0;
  while (sender.may_send()) {
    sender.sent(1000);
    CHECK(receiver.received(1000));
    sent += 1000;
  }
  CHECK(sent >= limits::relay_credit_bytes);
  CHECK(sent < limits::relay_credit_bytes + 1000);
  CHECK_FALSE(receiver.received(1));
  // A little is not worth a frame.
  CHECK(receiver.passed_on(1000) == 0);
  const auto credit = receiver.passed_on(sent - 1000);
  CHECK(credit == sent);
  CHECK(sender.grant(credit));
  CHECK(sender.may_send());
  CHECK(receiver.received(1));
}

TEST_CASE("credit: a message that is longer than all credit passes") {
  relay_sender sender;
  relay_receiver receiver;
  sender.sent(limits::relay_frame_max_bytes);
  CHECK_FALSE(sender.may_send());
  CHECK(receiver.received(limits::relay_frame_max_bytes));
  CHECK(sender.grant(receiver.passed_on(limits::relay_frame_max_bytes)));
  CHECK(sender.may_send());
}

TEST_CASE("credit: nobody grants what was not sent") {
  relay_sender sender;
  CHECK_FALSE(sender.grant(1));
  sender.sent(10);
  CHECK_FALSE(sender.grant(11));
  CHECK(sender.grant(10));
}

} // namespace relay_frame_tests
