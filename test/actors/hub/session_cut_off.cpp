// A client that shuts down its writing side within a message. That is mostly
// somebody who forgot the NUL, or a reader's lines at the wrong socket.

#include "actors/hub/session.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace session_cut_off_tests {

using namespace clearance;
using namespace clearance::test;
using role = protocol::varlink::role;

namespace {

struct cut_off_fixture : actor_fixture {
  inbox parent{*this};
  fake_connection_ptr client = std::make_shared<fake_connection>();

  explicit cut_off_fixture(role who) {
    actors::session_config config;
    config.io = &io;
    config.connection = client;
    config.parent = parent.actor().address();
    config.role = who;
    actors::spawn_session(io, std::move(config));
    run();
  }
};

std::string error(const std::string& name, const std::string& parameter) {
  return R"({"error":"org.varlink.service.)" + name + R"(","parameters":)"
         + parameter + "}" + '\0';
}

} // namespace

TEST_CASE("a message without an end is answered with an error") {
  for (auto who : {role::hub, role::verdict_helper}) {
    cut_off_fixture s{who};
    s.client->bring({R"({"method":"org.varlink.service.A"})"},
                    actors::stream_end::cut_off);
    s.run();
    CHECK(s.client->taken()
          == error("MethodNotFound", R"({"method":"A"})")
                 + error("InvalidParameter",
                         R"({"parameter":"the NUL at the end of a message"})"));
    CHECK_FALSE(s.client->open());
    CHECK(s.log.only("closed a client's connection")["why"]
          == "its last message has no NUL at its end");
    CHECK(s.io.alive("session").empty());
    CHECK(s.io.alive("inbox").size() == 1);
  }
}

} // namespace session_cut_off_tests
