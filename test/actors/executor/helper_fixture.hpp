/// An executor that calls a verdict helper; the test plays the helper.
#pragma once

#include "actors/executor/helper_executor.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>

namespace clearance::test {

/// The reply of a helper whose shield has done it.
inline const std::string helper_says_yes =
    R"({"parameters":{"ok":true,"stderr":""}})";

/// An executor and its connections.
struct helper_fixture : actor_fixture {
  inbox caller{*this};
  actors::helper_executor_actor executor = actors::spawn_helper_executor(
      io, actors::helper_executor_config{&io, "/run/verdict.sock"});

  helper_fixture() { run(); }

  void ask(std::size_t n) {
    caller.tell(executor, protocol::shield_call{protocol::action::allow, "c1",
                                                "d" + std::to_string(n)});
    run();
  }

  fake_connection& line(std::size_t index) {
    REQUIRE(index < io.dials.size());
    REQUIRE(io.dials[index].connection != nullptr);
    return *io.dials[index].connection;
  }

  void answer(std::size_t index, const std::string& reply = helper_says_yes,
              actors::stream_end end = actors::stream_end::none) {
    line(index).bring({reply}, end);
    run();
  }

  void end(std::size_t index,
           actors::stream_end why = actors::stream_end::eof) {
    line(index).end(why);
    run();
  }

  void go_on(std::size_t index, std::size_t room) {
    line(index).become_writable(room);
    run();
  }

  /// The next connection takes `room` bytes and then blocks.
  fake_connection_ptr narrow(std::size_t room) {
    auto result = std::make_shared<fake_connection>();
    result->take(room);
    io.prepare(result);
    return result;
  }

  /// Leaves one idle connection, the first one.
  void warm_up() {
    ask(0);
    answer(0);
    CHECK(outcome().ok);
    line(0).flush_taken();
  }

  protocol::shield_outcome outcome() {
    return caller.only<protocol::shield_outcome>();
  }
  std::size_t dials() const { return io.dials.size(); }
};

} // namespace clearance::test
