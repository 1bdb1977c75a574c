/// An HTTP server on a loop that the test steps. The test decides how each
/// request is answered.
#pragma once

#include "actors/io/http/http_server.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/actors/io/process/processes.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/http_client.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace clearance::test {

using namespace std::chrono_literals;

// A time limit that only a hanging test reaches.
inline constexpr auto long_time = 60s;

inline io::http_times patient() {
  return {.head = long_time,
          .body = long_time,
          .idle = long_time,
          .write = long_time,
          .backend = long_time,
          .backend_exit = long_time,
          .push_alone = long_time,
          .linger = long_time,
          .vigil = 5ms,
          .drain = long_time,
          .body_rate = long_time};
}

/// The messages that the owner of requests has received.
struct heard_requests {
  std::vector<actors::http_request_ptr> open;
  std::vector<actors::malformed_request> malformed;
  std::vector<actors::answered> answered;
  std::vector<std::string> said;
};

using gatekeeper_actor =
    caf::typed_actor<caf::reacts_to<actors::requested>,
                     caf::reacts_to<actors::malformed_request>,
                     caf::reacts_to<actors::answered>,
                     caf::reacts_to<actors::backend_said>>;

/// The owner of the listener and of every request.
class gatekeeper {
public:
  static inline const char* name = "gatekeeper";
  using interface = gatekeeper_actor;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<gatekeeper>;

  gatekeeper(self_type* self, heard_requests* to) : self_(self), to_(to) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {
        [this](const actors::requested& x) {
          x.value->own(interface{self_});
          to_->open.push_back(x.value);
        },
        [this](const actors::malformed_request& x) {
          to_->malformed.push_back(x);
        },
        [this](const actors::answered& x) { to_->answered.push_back(x); },
        [this](const actors::backend_said& x) { to_->said.push_back(x.line); },
    };
  }

private:
  self_type* self_;
  heard_requests* to_;
};

struct http_fixture {
  stepped_loop loop;
  temp_dir dir;
  heard_requests heard;
  gatekeeper_actor owner;
  std::unique_ptr<io::http_server> server;
  std::unique_ptr<actors::http_listener> listener;

  explicit http_fixture(const io::http_times& times = patient(),
                        std::size_t oldest_of = 0) {
    owner = caf::actor_cast<gatekeeper_actor>(
        loop.system().spawn<gatekeeper::actor_type>(&loop.unit(), &heard));
    server = std::make_unique<io::http_server>(loop.context(), times);
    actors::http_listen_spec spec;
    spec.path = (dir / "s").string();
    spec.role = "test socket";
    spec.server = "test/1";
    if (oldest_of > 0) {
      spec.connections_max = oldest_of;
      spec.closes_oldest = true;
    }
    auto result = server->listen_http(spec, owner);
    REQUIRE(result);
    listener = std::move(*result);
  }

  ~http_fixture() {
    heard.open.clear();
    listener.reset();
    caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
    owner = nullptr;
    until([] { return no_children(); }, "the end of all children");
  }

  http_client connect() { return http_client{raw_socket{dir / "s"}}; }

  template <class Predicate>
  void until(Predicate done, const char* what) {
    const deadline guard;
    for (loop.step(); !done(); loop.step())
      guard.pace(what);
  }

  /// Sends `bytes`, waits for the client's request and returns it.
  actors::http_request_ptr request_of(http_client& client,
                                      std::string_view bytes) {
    client.send(bytes);
    until([&] { return !heard.open.empty(); }, "a request");
    auto result = std::move(heard.open.front());
    heard.open.clear();
    return result;
  }

  actors::answered end() {
    until([&] { return !heard.answered.empty(); }, "the end of a request");
    auto result = heard.answered.front();
    heard.answered.clear();
    return result;
  }

  /// Sends a request of the client and refuses it with "no".
  void refuse(http_client& client);

  /// All bytes that the client gets until the end of the connection.
  std::string rest_of(http_client& client) {
    std::string result;
    bool open = true;
    until(
        [&] {
          while (open && client.socket().readable())
            open = client.read_more(result);
          return !open;
        },
        "the end of a connection");
    return result;
  }

  actors::backend_plan script(const std::string& text) {
    return {"/bin/sh", {"sh", "-c", text}, {"PATH=/usr/bin:/bin"}};
  }
};

inline const auto get = http_request("GET", "/x");
inline const auto open_post =
    http_request("POST", "/x", {"Transfer-Encoding: chunked"});

inline void http_fixture::refuse(http_client& client) {
  const auto request = request_of(client, get); // keeps the connection open
  request->refuse(404, "no");
  CHECK_EQ(end().status, 404);
}

} // namespace clearance::test
