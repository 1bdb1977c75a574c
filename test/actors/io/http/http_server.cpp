#include "actors/io/http/http_server.hpp"

#include "actors/base/error.hpp"
#include "actors/io/socket/bind_tcp.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/actors/io/process/processes.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/http_client.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace http_server_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;

namespace {

// A limit that only a hang would meet.
constexpr auto long_time = 60s;

io::http_times patient() {
  return {long_time, long_time, long_time, long_time,
          long_time, long_time, long_time, 5ms};
}

/// What an owner of requests heard.
struct requests {
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

/// Owner of the listener and of every request.
class gatekeeper {
public:
  static inline const char* name = "gatekeeper";
  using interface = gatekeeper_actor;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<gatekeeper>;

  gatekeeper(self_type* self, requests* to) : self_(self), to_(to) {
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
  requests* to_;
};

struct fixture {
  stepped_loop loop;
  temp_dir dir;
  requests heard;
  gatekeeper_actor owner;
  std::unique_ptr<io::http_server> server;
  std::unique_ptr<actors::http_listener> listener;

  explicit fixture(const io::http_times& times = patient()) {
    owner = caf::actor_cast<gatekeeper_actor>(
        loop.system().spawn<gatekeeper::actor_type>(&loop.unit(), &heard));
    server = std::make_unique<io::http_server>(loop.context(), times);
    actors::http_listen_spec spec;
    spec.path = (dir / "s").string();
    spec.role = "test socket";
    spec.server = "test/1";
    auto result = server->listen_http(spec, owner);
    REQUIRE(result);
    listener = std::move(*result);
  }

  ~fixture() {
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

  /// Awaits a request of the client's and takes it.
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

  /// Has a request of the client's refused with "no".
  void refuse(http_client& client);

  /// Bytes until the client sees the end.
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

const auto get = http_request("GET", "/x");
const auto open_post =
    http_request("POST", "/x", {"Transfer-Encoding: chunked"});

void fixture::refuse(http_client& client) {
  const auto request = request_of(client, get); // dropped, it would be cut
  request->refuse(404, "no");
  CHECK_EQ(end().status, 404);
}

} // namespace

TEST_CASE("a client that says nothing is let go without a word") {
  auto times = patient();
  times.head = 20ms;
  fixture x{times};
  auto client = x.connect();
  CHECK_EQ(x.rest_of(client), "");
  CHECK(x.heard.malformed.empty());
}

TEST_CASE("a client that does not finish its head gets 408") {
  auto times = patient();
  times.head = 20ms;
  fixture x{times};
  auto client = x.connect();
  client.send("GET /x HTT");
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
  REQUIRE_EQ(x.heard.malformed.size(), 1);
  CHECK_EQ(x.heard.malformed[0].status, 408);
}

TEST_CASE("an idle connection ends, one that begins anew has its time") {
  auto times = patient();
  times.idle = 20ms;
  fixture x{times};
  auto client = x.connect();
  x.refuse(client);
  const auto rest = x.rest_of(client);
  CHECK(rest.ends_with("no")); // and nothing behind it
  times.idle = long_time;
  times.head = 20ms;
  fixture y{times};
  auto second = y.connect();
  y.refuse(second);
  second.send("G");
  CHECK_NE(y.rest_of(second).find("HTTP/1.1 408 "), std::string::npos);
}

TEST_CASE("a body that stands still ends its backend and gets 408") {
  auto times = patient();
  times.body = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "3\r\nabc\r\n");
  CHECK_EQ(request->serve(x.script("cat >/dev/null; sleep 1000")), 0);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 408 "));
  const auto end = x.end();
  CHECK_EQ(end.status, 408);
  CHECK_EQ(end.received, 3);
  CHECK_EQ(end.trouble, "the client sends nothing");
  CHECK(no_children());
}

TEST_CASE("a backend that does nothing is ended: 504") {
  auto times = patient();
  times.backend = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
  CHECK(x.rest_of(client).starts_with("HTTP/1.1 504 "));
  CHECK_EQ(x.end().status, 504);
  CHECK(no_children());
}

TEST_CASE("a backend that stops in its body cuts the connection") {
  auto times = patient();
  times.backend = 1s; // for a shell to say something
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nsome'; sleep 1000")), 0);
  CHECK(x.rest_of(client).ends_with("some\r\n")); // without the last chunk
  const auto end = x.end();
  CHECK_EQ(end.status, 200);
  CHECK_EQ(end.trouble, "the backend does nothing");
}

TEST_CASE("a client that takes nothing is cut off") {
  auto times = patient();
  times.write = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\n'; exec cat /dev/zero")),
           0);
  CHECK_EQ(x.end().trouble, "the client takes nothing");
  CHECK(no_children());
}

TEST_CASE("a backend that closes its output and stays is ended") {
  auto times = patient();
  times.backend_exit = 20ms;
  fixture x{times};
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(
               x.script("printf 'A: b\\n\\nall'; exec >&- 2>&-; sleep 1000")),
           0);
  x.rest_of(client);
  CHECK_EQ(x.end().trouble, "the backend was killed");
  CHECK(no_children());
}

TEST_CASE("a request that is dropped closes its connection") {
  fixture x;
  auto undecided = x.connect();
  x.request_of(undecided, get).reset();
  CHECK_EQ(x.rest_of(undecided), "");
  auto served = x.connect();
  auto request = x.request_of(served, get);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nx'; sleep 1000")), 0);
  std::string got;
  x.until(
      [&] {
        return served.socket().readable() && served.read_more(got)
               && got.ends_with("x\r\n");
      },
      "the beginning of a response");
  request.reset();
  CHECK_EQ(x.rest_of(served), "");
  x.until([] { return no_children(); }, "the end of the backend");
  CHECK(x.heard.answered.empty());
}

TEST_CASE("a client that leaves is told of, decided upon or not") {
  fixture x;
  std::optional<http_client> client = x.connect();
  auto request = x.request_of(*client, get);
  client.reset();
  auto end = x.end();
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.trouble, "the client left");
  // Too late, and harmless.
  request->refuse(404, "no");
  CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
  CHECK(no_children());
  client = x.connect();
  request = x.request_of(*client, open_post);
  CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
  client.reset();
  end = x.end();
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.trouble, "the client left");
  CHECK(no_children());
}

TEST_CASE("a program that cannot be started is an errno, and can be refused") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve({"/nonexistent", {"x"}, {}}), ENOENT);
  request->refuse(500, "no such program");
  CHECK_EQ(x.end().status, 500);
  x.refuse(client); // the connection goes on
}

TEST_CASE("a listener that goes takes idle connections along") {
  fixture x;
  auto idle = x.connect();
  auto half = x.connect();
  half.send("GET");
  auto busy = x.connect();
  auto request = x.request_of(busy, get);
  auto ahead = x.connect(); // its second request will not be served
  auto first = x.request_of(ahead, get + get);
  x.listener.reset();
  CHECK_EQ(x.rest_of(idle), "");
  CHECK_EQ(x.rest_of(half), "");
  CHECK_THROWS_AS(x.connect(), std::system_error);
  CHECK_EQ(request->serve(x.script("printf 'A: b\\n\\nstill served'")), 0);
  CHECK_NE(x.rest_of(busy).find("still served"), std::string::npos);
  first->refuse(404, "no");
  const auto rest = x.rest_of(ahead);
  CHECK(rest.ends_with("no"));
  CHECK_EQ(rest.find("HTTP/1.1", 1), std::string::npos);
  CHECK(x.heard.open.empty());
}

TEST_CASE("a backend's last words are heard before its request ends") {
  fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, get);
  CHECK_EQ(request->serve(x.script(
               "printf 'A: b\\n\\n'; exec >&-; printf 'last words' >&2")),
           0);
  CHECK_EQ(x.end().status, 200);
  CHECK_EQ(x.heard.said, std::vector<std::string>{"last words"});
}

TEST_CASE("a port is bound by number, and says which it got") {
  fixture x;
  actors::http_listen_spec spec;
  spec.role = "test port";
  spec.address = "127.0.0.1";
  auto first = x.server->listen_http(spec, x.owner);
  REQUIRE(first);
  const auto where = (*first)->where();
  REQUIRE(where.starts_with("127.0.0.1:"));
  const auto port = static_cast<std::uint16_t>(std::stoul(where.substr(10)));
  http_client client{connect_tcp(port)};
  x.refuse(client);
  spec.port = port;
  auto second = x.server->listen_http(spec, x.owner);
  REQUIRE_FALSE(second);
  CHECK_EQ(actors::what(second.error()),
           "cannot bind the test port " + where + ": Address already in use");
  spec.address = "localhost";
  auto name = x.server->listen_http(spec, x.owner);
  REQUIRE_FALSE(name);
  CHECK_NE(actors::what(name.error()).find("not a numeric address"),
           std::string::npos);
}

TEST_CASE("a client over TCP that leaves is noticed, too") {
  fixture x;
  actors::http_listen_spec spec;
  spec.role = "test port";
  spec.address = "127.0.0.1";
  auto listener = x.server->listen_http(spec, x.owner);
  REQUIRE(listener);
  const auto port =
      static_cast<std::uint16_t>(std::stoul((*listener)->where().substr(10)));
  {
    http_client client{connect_tcp(port)};
    auto request = x.request_of(client, get);
    CHECK_EQ(request->serve(x.script("sleep 1000")), 0);
    x.heard.open.push_back(std::move(request));
  }
  CHECK_EQ(x.end().trouble, "the client left");
}

TEST_CASE("loopback addresses are told from others") {
  for (auto address : {"127.0.0.1", "127.255.255.254", "::1"})
    CHECK(io::is_loopback(address));
  for (auto address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost",
                       "", "::ffff:10.0.0.1", "1", "127.0.0.1 "})
    CHECK_FALSE(io::is_loopback(address));
}

} // namespace http_server_tests
