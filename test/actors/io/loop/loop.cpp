#include "actors/io/loop/loop.hpp"

#include "actors/base/error.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/hub/hub.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/raw_socket.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

namespace loop_tests {

using namespace clearance;

namespace {

// Reports the thread on which it runs, and crashes if it is asked to.
class probe {
public:
  static inline const char* name = "probe";
  using interface = caf::typed_actor<caf::replies_to<int>::with<std::string>,
                                     caf::reacts_to<std::string>>;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<probe>;

  probe(self_type*, std::thread::id* where) : where_(where) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {
        [this](int) {
          *where_ = std::this_thread::get_id();
          return std::string{"here"};
        },
        [](const std::string& why) { throw std::runtime_error{why}; },
    };
  }

private:
  std::thread::id* where_;
};

struct host_process {
  caf::actor_system_config config;
  caf::actor_system system{quiet(config)};
  caf::scoped_actor self{system};
  caf::actor root = io::spawn_loop(system);

  static caf::actor_system_config& quiet(caf::actor_system_config& x) {
    x.set("scheduler.policy", caf::atom("sharing"));
    x.set("scheduler.max-threads", std::size_t{1});
    return x;
  }

  // Runs `f` on the loop's thread and returns its result.
  template <class F>
  auto there(F f) {
    std::promise<decltype(f(io::as_loop(root)))> result;
    auto outcome = result.get_future();
    io::as_loop(root).post([&] { result.set_value(f(io::as_loop(root))); });
    return outcome.get();
  }

  // Waits until the loop has ended.
  caf::error end() {
    caf::error result;
    self->monitor(root);
    self->receive([&](const caf::down_msg& x) { result = x.reason; });
    return result;
  }

  void stop() { caf::anon_send_exit(root, caf::exit_reason::user_shutdown); }
};

actors::service_actor start_hub(io::loop& loop, const test::temp_dir& dir) {
  actors::hub_config config;
  config.io = &loop;
  config.clearance_socket = (dir / "hub.sock").string();
  config.reader_socket = (dir / "reader.sock").string();
  config.executor = actors::spawn_shield_executor(
      loop, actors::shield_executor_config{&loop, "/bin/true"});
  auto result = actors::spawn_hub(loop, std::move(config));
  loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(result));
  return result;
}

} // namespace

TEST_CASE("hosted actors run on the loop's thread, whichever thread sends") {
  std::thread::id where;
  host_process x;
  auto loop_thread =
      x.there([](io::loop&) { return std::this_thread::get_id(); });
  auto hosted = x.there([&](io::loop& loop) {
    return actors::spawn_hosted<probe>(loop, &where);
  });
  x.self->request(hosted, std::chrono::seconds{20}, 1)
      .receive([](const std::string& y) { CHECK(y == "here"); },
               [](const caf::error& y) { FAIL(caf::to_string(y)); });
  CHECK(where == loop_thread);
  CHECK(where != std::this_thread::get_id());
  x.stop();
  CHECK(x.end() == caf::exit_reason::user_shutdown);
}

TEST_CASE("an actor that crashes ends the loop with its reason") {
  std::thread::id where;
  host_process x;
  auto hosted = x.there([&](io::loop& loop) {
    auto result = actors::spawn_hosted<probe>(loop, &where);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(result));
    return result;
  });
  x.self->send(hosted, std::string{"on purpose"});
  CHECK(x.end() == caf::sec::runtime_error);
}

// Without this the message would wait in the loop's own io_context and keep the
// loop alive.
TEST_CASE("a loop that is stopped again after its end is freed") {
  caf::weak_actor_ptr loop;
  {
    host_process x;
    loop = caf::actor_cast<caf::weak_actor_ptr>(x.root);
    CHECK(loop.lock());
    x.stop();
    CHECK(x.end() == caf::exit_reason::user_shutdown);
    x.stop();
  }
  CHECK_FALSE(loop.lock());
}

TEST_CASE(
    "a posted function that throws ends the loop, and all sockets are closed") {
  test::temp_dir dir;
  host_process x;
  x.there([&](io::loop& loop) { return start_hub(loop, dir); });
  io::as_loop(x.root).post([] { throw std::runtime_error{"on purpose"}; });
  CHECK(x.end() == caf::sec::runtime_error);
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("a hub starts, serves, stops and starts again") {
  test::temp_dir dir;
  for (int round = 0; round < 10; ++round) {
    host_process x;
    auto hub = x.there([&](io::loop& loop) { return start_hub(loop, dir); });
    x.there([](io::loop&) { return 0; }); // returns when the hub is initialised
    test::raw_socket client{dir / "hub.sock"};
    client.send(
        std::string("{\"method\":\"org.varlink.service.GetInfo\"}\0", 41));
    auto reply = client.read_frame().value_or("none");
    CHECK(reply.find("terok-clearance") != std::string::npos);
    hub = nullptr;
    x.stop();
    CHECK(x.end() == caf::exit_reason::user_shutdown);
    CHECK(client.read_to_end().empty());
    CHECK(std::filesystem::is_empty(dir.path()));
  }
}

TEST_CASE("a hub that cannot bind its second socket removes the first one") {
  test::temp_dir dir;
  test::write_file(dir / "hub.sock", "precious");
  host_process x;
  x.there([&](io::loop& loop) { return start_hub(loop, dir); });
  auto why = x.end();
  CHECK(why == actors::make_error(actors::errc::bind_failed));
  CHECK(actors::what(why).find((dir / "hub.sock").string())
        != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir / "reader.sock"));
}

} // namespace loop_tests
