#include "services/client/hub_subscription.hpp"

#include "protocol/varlink/message.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>

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

TEST_CASE_FIXTURE(fixture, "a hub is followed from its call on") {
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

TEST_CASE_FIXTURE(fixture, "a hub that is not there is waited for, said once") {
  hub.seen(false, now);
  hub.seen(false, now);
  CHECK_FALSE(hub.following());
  CHECK_FALSE(hub.retry_at().has_value());
  CHECK(said == texts{"no hub at " + path + " yet; waiting for it"});
  listener server{path};
  hub.seen(true, now);
  CHECK(hub.following());
}

TEST_CASE_FIXTURE(fixture, "a socket without a listener is tried ever slower") {
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

TEST_CASE_FIXTURE(fixture, "a hub that hangs up on us is no busy loop") {
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

TEST_CASE_FIXTURE(fixture,
                  "what is no hub is left alone until it is replaced") {
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

TEST_CASE_FIXTURE(fixture, "a taker that has enough is given no more") {
  listener server{path};
  hub.seen(true, now);
  auto peer = server.accept();
  peer.send(event_reply("a") + event_reply("b") + event_reply("c"));
  read(2);
  CHECK(got.size() == 2);
}

} // namespace hub_subscription_tests
