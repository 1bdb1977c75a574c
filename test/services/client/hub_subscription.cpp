#include "services/client/hub_subscription.hpp"

#include "protocol/varlink/message.hpp"
#include "services/client/socket_owner.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <unistd.h>

namespace hub_subscription_tests {

using namespace clearance::services;
using namespace std::chrono_literals;
using clearance::test::listener;
using clearance::test::temp_dir;

// Time is made up: no test waits.
namespace {

std::vector<std::string> said;

void say(std::string_view what) {
  said.emplace_back(what);
}

std::string event_reply(const std::string& type) {
  return R"({"continues":true,"parameters":{"event":{"type":")" + type + "\"}}}"
         + '\0';
}

const std::string lost_method = "\"org.terok.ClearanceOperator1.Lost\"";

std::string answer_of(const std::string& events) {
  return R"({"parameters":{"events":)" + events + "}}" + '\0';
}

struct fixture {
  fixture() { said.clear(); }

  void read(std::size_t most = 1000) {
    hub.read(
        reader,
        [&](const announcement& x) {
          got.push_back(x.json);
          return got.size() < most;
        },
        now);
  }

  temp_dir directory;
  std::string path = directory / "s";
  hub_subscription hub{path, say};
  announcement_reader reader;
  std::vector<std::string> got;
  time_point now{};
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(fixture, "a hub is followed once Subscribe was sent") {
  listener server{path};
  hub.seen(true, now);
  CHECK(hub.following());
  CHECK(said == texts{"following the hub at " + path});
  auto peer = server.accept();
  auto message = peer.read_frame().value();
  namespace varlink = clearance::protocol::varlink;
  auto call = std::get<varlink::call>(varlink::parse_call(message));
  CHECK(call.method == "org.terok.Clearance1.Subscribe");
  CHECK(call.more);

  peer.send(event_reply("a") + event_reply("b") + "{\"cont");
  read();
  CHECK(got == texts{R"({"type":"a"})", R"({"type":"b"})"});
  peer.send("inues\":true,\"parameters\":{\"event\":{}}}" + std::string(1, 0));
  read();
  CHECK(got.size() == 3);
}

TEST_CASE_FIXTURE(fixture, "a missing hub is waited for, which is said once") {
  hub.seen(false, now);
  hub.seen(false, now);
  CHECK_FALSE(hub.following());
  CHECK_FALSE(hub.retry_at().has_value());
  CHECK(said == texts{"no hub at " + path + " yet; waiting for it"});
  listener server{path};
  hub.seen(true, now);
  CHECK(hub.following());
}

TEST_CASE_FIXTURE(fixture,
                  "a socket without a listener is tried at growing intervals") {
  { listener dead{path}; }
  hub.seen(true, now);
  CHECK(hub.retry_at() == now + 50ms);
  hub.seen(true, now + 49ms);
  CHECK(hub.retry_at() == now + 50ms);
  auto pause = 50ms;
  for (int i = 0; i < 20; ++i) {
    now = *hub.retry_at();
    hub.retry(now);
    pause = std::min(2 * pause, 5000ms);
    CHECK(hub.retry_at() == now + pause);
  }
  CHECK(said == texts{"no hub at " + path + " yet; waiting for it"});
}

TEST_CASE_FIXTURE(fixture, "a hub that is full is said to be, once") {
  listener server{path, 0};
  const auto first = connect_unix(path, 0ms);
  hub.seen(true, now);
  CHECK_FALSE(hub.following());
  hub.retry(*hub.retry_at());
  CHECK(said == texts{cannot_connect(path, {EAGAIN}) + "; trying again"});
}

TEST_CASE_FIXTURE(fixture, "a new socket is tried at once") {
  auto dead = std::make_unique<listener>(path);
  dead.reset();
  hub.seen(true, now);
  REQUIRE(hub.retry_at().has_value());
  std::filesystem::rename(path, path + ".old"); // keeps its inode number
  listener server{path};
  hub.seen(true, now);
  CHECK(hub.following());
}

TEST_CASE_FIXTURE(fixture, "a hub that restarts is followed again") {
  {
    listener server{path};
    hub.seen(true, now);
  }
  read();
  CHECK_FALSE(hub.following());
  std::filesystem::remove(path);
  hub.seen(false, now);
  CHECK_FALSE(hub.retry_at().has_value());
  listener server{path};
  hub.seen(true, now);
  CHECK(hub.following());
  CHECK(said
        == texts{"following the hub at " + path,
                 "the hub at " + path + " went away; waiting for it",
                 "following the hub at " + path});
}

TEST_CASE_FIXTURE(
    fixture, "a hub that closes each connection is not tried without a pause") {
  listener server{path};
  auto pause = 50ms;
  hub.seen(true, now);
  for (int i = 0; i < 4; ++i) {
    { auto peer = server.accept(); }
    read();
    CHECK(hub.retry_at() == now + pause);
    now = *hub.retry_at();
    hub.retry(now);
    REQUIRE(hub.following());
    pause *= 2;
  }
  // One that held for some time starts anew.
  { auto peer = server.accept(); }
  now += 5s;
  read();
  CHECK(hub.retry_at() == now + 50ms);
}

TEST_CASE_FIXTURE(
    fixture,
    "a service that is no hub is not tried again until it is replaced") {
  auto server = std::make_unique<listener>(path);
  hub.seen(true, now);
  server->accept().send(
      std::string{"{\"error\":\"org.varlink.service.MethodNotFound\"}"} + '\0');
  read();
  CHECK(hub.refused());
  CHECK(said.back()
        == "no hub of ours at " + path
               + ", it answered org.varlink.service.MethodNotFound");
  hub.seen(true, now + 1h);
  CHECK(hub.refused());
  CHECK_FALSE(hub.retry_at().has_value());
  std::filesystem::rename(path, path + ".old");
  server = std::make_unique<listener>(path);
  hub.seen(true, now);
  CHECK(hub.following());
}

TEST_CASE_FIXTURE(fixture, "a message without end is refused, not kept") {
  listener server{path};
  hub.seen(true, now);
  auto peer = server.accept();
  std::string bytes(16 * 1024, 'x');
  for (int i = 0; i < 65 && hub.following(); ++i) {
    peer.send(bytes);
    read();
  }
  CHECK(hub.refused());
}

TEST_CASE_FIXTURE(fixture, "a taker that wants no more events gets none") {
  listener server{path};
  hub.seen(true, now);
  auto peer = server.accept();
  peer.send(event_reply("a") + event_reply("b") + event_reply("c"));
  read(2);
  CHECK(got.size() == 2);
}

TEST_CASE_FIXTURE(fixture,
                  "a hub that turns clients away is said to do so, once") {
  listener server{path};
  hub.seen(true, now);
  for (int i = 0; i < 6; ++i) {
    { auto peer = server.accept(); }
    read();
    CHECK_FALSE(hub.following());
    now = *hub.retry_at();
    hub.retry(now);
    REQUIRE(hub.following());
  }
  CHECK(said
        == texts{"following the hub at " + path,
                 "the hub at " + path + " went away; waiting for it",
                 "the hub at " + path
                     + " closes every new connection at once; it may have all"
                       " the 4096 subscribers that it can have, its log says"
                       " why; trying again"});
  // It keeps one at last: that is said after a second, or at an event.
  CHECK(hub.retry_at() == now + 1s);
  hub.retry(now + 1s);
  CHECK(said.back() == "following the hub at " + path);
  CHECK_FALSE(hub.retry_at().has_value());
}

TEST_CASE_FIXTURE(fixture, "another user's hub is named, with its user") {
  listener server{path};
  if (::geteuid() != 0) {
    clearance::test::skipped("needs root");
    return;
  }
  REQUIRE(::chown(path.c_str(), 4321, 4321) == 0);
  hub.seen(true, now);
  CHECK(said.empty()); // too early to say anything
  { auto peer = server.accept(); }
  read();
  CHECK(hub.refused());
  CHECK(said
        == texts{path + " belongs to uid 4321 and you are "
                 + user_text(::getuid())
                 + ": a hub serves its own user alone; run this program as"
                   " that user"});
  hub.seen(true, now + 1h);
  CHECK(said.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "another user's socket that serves us is followed") {
  // systemd may have made the socket for the hub.
  listener server{path};
  if (::geteuid() != 0) {
    clearance::test::skipped("needs root");
    return;
  }
  REQUIRE(::chown(path.c_str(), 4321, 4321) == 0);
  hub.seen(true, now);
  server.accept().send(event_reply("a"));
  read();
  CHECK(got.size() == 1);
  CHECK(said == texts{"following the hub at " + path});
}

TEST_CASE_FIXTURE(fixture,
                  "after a time without reading the hub is followed anew") {
  listener server{path};
  hub.seen(true, now);
  auto first = server.accept();
  auto event = event_reply(std::string(1000, 'a'));
  for (int i = 0; i < 40; ++i)
    first.send(event);
  hub.neglected("of the test", now);
  hub.neglected("of the test", now);
  REQUIRE(said.size() == 2);
  CHECK(said.back().starts_with("events of the hub at " + path
                                + " may be missing, because of the test; "));
  // What the hub still had comes first, until it is quiet.
  read();
  CHECK(got.size() == 40);
  CHECK(hub.retry_at() == now + 200ms);
  now += 199ms;
  first.send(event);
  read();
  CHECK(got.size() == 41);
  hub.retry(now + 199ms);
  CHECK(server.empty());
  now += 200ms;
  hub.retry(now);
  auto asked = server.accept();
  CHECK(asked.read_frame().value().find(lost_method) != std::string::npos);
  std::vector<std::string> new_texts;
  SUBCASE("the hub says how many it dropped") {
    asked.send(answer_of("1846"));
    hub.read_answer(now);
    new_texts = {"the hub at " + path
                 + " dropped 1846 events for this program; the blocks of these "
                   "that wait for a verdict and that no client was sent come "
                   "now, and `terok-clearance list` shows all that wait"};
  }
  SUBCASE("the hub has no operator interface") {
    asked.send(R"({"error":"org.varlink.service.InterfaceNotFound"})"
               + std::string(1, '\0'));
    hub.read_answer(now);
  }
  SUBCASE("the hub's answer is none") {
    asked.send(answer_of("\"many\""));
    hub.read_answer(now);
  }
  SUBCASE("the hub says a number that cannot be") {
    asked.send(answer_of("-1"));
    hub.read_answer(now);
  }
  SUBCASE("the hub closes the connection") {
    { auto gone = std::move(asked); }
    hub.read_answer(now);
  }
  SUBCASE("the hub does not answer") {
    CHECK(hub.retry_at() == now + 1s);
    now += 1s;
    hub.retry(now);
  }
  CHECK(hub.question_fd() == -1);
  CHECK(hub.following());
  auto second = server.accept();
  CHECK(second.read_frame().has_value());
  first.read_frame(); // the call
  CHECK(first.read_to_end() == "");
  second.send(event);
  read();
  CHECK(got.size() == 42);
  new_texts.push_back("following the hub at " + path);
  CHECK(texts(said.begin() + 2, said.end()) == new_texts);
  CHECK_FALSE(hub.retry_at().has_value());
}

TEST_CASE_FIXTURE(fixture, "a hub that dropped nothing is followed as before") {
  listener server{path};
  hub.seen(true, now);
  auto first = server.accept();
  first.send(event_reply(std::string(40'000, 'a')));
  hub.neglected("of the test", now);
  read();
  now += 200ms;
  hub.retry(now);
  auto asked = server.accept();
  const auto answer = answer_of("0");
  asked.send(answer.substr(0, 9)); // in two parts
  hub.read_answer(now);
  CHECK(hub.question_fd() != -1);
  first.send(event_reply("b")); // asking goes on
  read();
  CHECK(hub.retry_at() == now + 1s);
  asked.send(answer.substr(9));
  hub.read_answer(now);
  CHECK(said.back() == "no event of the hub at " + path + " is missing");
  CHECK_FALSE(hub.retry_at().has_value());
  CHECK(server.empty());
  first.send(event_reply("c"));
  read();
  CHECK(got.size() == 3);
}

TEST_CASE_FIXTURE(fixture, "a hub that goes away is not asked any more") {
  listener server{path};
  hub.seen(true, now);
  auto first = server.accept();
  first.send(event_reply(std::string(40'000, 'a')));
  hub.neglected("of the test", now);
  read();
  hub.retry(now + 200ms);
  CHECK(hub.question_fd() != -1);
  { auto gone = std::move(first); }
  read();
  CHECK(hub.question_fd() == -1);
  CHECK_FALSE(hub.following());
}

TEST_CASE_FIXTURE(fixture, "few unread events mean that none was dropped") {
  listener server{path};
  hub.seen(true, now);
  auto peer = server.accept();
  peer.send(event_reply("a") + event_reply("b"));
  hub.neglected("of the test", now);
  CHECK(said.size() == 1);
  CHECK_FALSE(hub.retry_at().has_value());
}

} // namespace hub_subscription_tests
