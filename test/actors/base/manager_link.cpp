#include "actors/base/manager_link.hpp"

#include "protocol/base/limits.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace manager_link_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
namespace limits = protocol::limits;

namespace {

struct written_manager final : actors::service_manager {
  bool ready(const std::string& x) override { return take("ready: " + x); }
  bool status(const std::string& x) override { return take("status: " + x); }
  bool alive() override { return take("alive"); }

  bool take(std::string what) {
    if (busy)
      return false;
    news.push_back(std::move(what));
    return true;
  }

  std::vector<std::string> taken() { return std::exchange(news, {}); }

  std::vector<std::string> news;
  bool busy = false;
};

using news = std::vector<std::string>;

struct fixture : actor_fixture {
  written_manager manager;
  actors::manager_actor link;

  explicit fixture(std::optional<protocol::duration> alive_every = {}) {
    actors::manager_link_config config{&manager, alive_every};
    link = actors::spawn_manager_link(io, config);
    run();
  }
  ~fixture() { link = nullptr; }

  void say(bool ready, std::string status) {
    caf::anon_send(link,
                   actors::service_state{"part", ready, std::move(status)});
    run();
  }
};

} // namespace

TEST_CASE("the state \"ready\" is sent at once, whatever was sent before") {
  fixture s;
  s.say(false, "begins");
  s.say(true, "serves");
  CHECK(s.manager.taken() == news{"status: begins", "ready: serves"});
  s.say(true, "serves more");
  CHECK(s.manager.taken() == news{"ready: serves more"});
}

TEST_CASE(
    "of several changes of the status only the newest is sent, once a second") {
  fixture s;
  s.say(true, "0");
  s.say(false, "1");
  s.say(false, "2");
  s.advance(limits::status_interval - 1ms);
  CHECK(s.manager.taken() == news{"ready: 0"});
  s.advance(1ms);
  CHECK(s.manager.taken() == news{"status: 2"});
  s.advance(limits::status_interval);
  s.say(false, "3");
  CHECK(s.manager.taken() == news{"status: 3"});
}

TEST_CASE("a link with nothing to send has no timer running") {
  fixture s;
  s.say(true, "0");
  s.say(false, "1");
  s.advance(limits::status_interval);
  CHECK(s.scheduler.clock().schedule().empty());
}

TEST_CASE("a message that the manager did not take is sent again") {
  fixture s;
  s.manager.busy = true;
  s.say(true, "serves");
  s.say(false, "serves on");
  s.manager.busy = false;
  s.advance(limits::status_interval);
  CHECK(s.manager.taken() == news{"ready: serves on"});
  s.advance(10 * limits::status_interval);
  CHECK(s.manager.taken().empty());
}

TEST_CASE("a sign of life is sent as often as the manager wants") {
  fixture s{500ms};
  CHECK(s.manager.taken() == news{"alive"});
  s.advance(1499ms);
  CHECK(s.manager.taken() == news{"alive", "alive"});
  // A lost sign of life is not repeated. The next one comes at its time.
  s.manager.busy = true;
  s.advance(1ms);
  s.manager.busy = false;
  s.advance(500ms);
  CHECK(s.manager.taken() == news{"alive"});
  // A blocked thread sends nothing. Afterwards it does not send the missed
  // signs of life.
  s.stall(5s);
  s.advance(500ms);
  CHECK(s.manager.taken().size() <= 2);
}

} // namespace manager_link_tests
