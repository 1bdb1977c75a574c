#include "actors/hub/hub.hpp"

#include "actors/base/error.hpp"
#include "test/support/doubles/fake_executor.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hub_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using actors::stream_end;

namespace {

const auto clearance_socket = "/run/hub.sock"s;
const auto reader_socket = "/run/ingester.sock"s;

const auto subscribe =
    R"({"method":"org.terok.Clearance1.Subscribe","more":true})"s;
const auto verdict =
    R"({"method":"org.terok.Clearance1.Verdict","parameters":)"
    R"({"container":"c1","request_id":"c1:1","dest":"203.0.113.7",)"
    R"("action":"allow"}})"s;
const auto ok_reply = R"({"parameters":{"ok":true}})"s + '\0';

/// A whole hub on a fake I/O host, beside a fake executor.
struct fixture : actor_fixture {
  fake_executor executor{*this};
  actors::service_actor hub;
  std::optional<caf::error> ended; ///< why the hub ended

  ~fixture() { end_hosted(); }

  void start(actors::hub_config config = {}) {
    config.io = &io;
    config.clearance_socket = clearance_socket;
    config.reader_socket = reader_socket;
    config.executor = executor.handle();
    hub = actors::spawn_hub(io, std::move(config));
    caf::actor_cast<caf::abstract_actor*>(hub)->attach_functor(
        [this](const caf::error& why) { ended = why; });
    run();
  }

  fake_connection_ptr connect(const std::string& path) {
    auto result = io.connect(path);
    run();
    return result;
  }
  fake_connection_ptr client() { return connect(clearance_socket); }
  fake_connection_ptr reader() { return connect(reader_socket); }

  void bring(const fake_connection_ptr& x,
             const std::vector<std::string>& messages,
             stream_end end = stream_end::none) {
    x->bring(messages, end);
    run();
  }

  fake_connection_ptr subscriber() {
    auto result = client();
    bring(result, {subscribe});
    return result;
  }

  std::size_t alive(const std::string& name) const {
    return io.alive(name).size();
  }

  /// Checks that all parts of the hub have ended, and the executor has not.
  void check_gone() {
    for (auto name : {"hub", "registry", "ingester", "session", "subscriber"}) {
      CAPTURE(name);
      CHECK(alive(name) == 0);
    }
    CHECK(io.listener_at(clearance_socket) == nullptr);
    CHECK(io.listener_at(reader_socket) == nullptr);
    CHECK(alive("executor") == 1);
  }
};

} // namespace

TEST_CASE("a hub listens for readers first, then for clients") {
  fixture s;
  s.start();
  auto readers = s.io.listener_at(reader_socket);
  REQUIRE(readers != nullptr);
  CHECK(readers->spec.role == "reader socket");
  CHECK(readers->spec.framing == actors::framing::lines);
  auto clients = s.io.listener_at(clearance_socket);
  REQUIRE(clients != nullptr);
  CHECK(clients->spec.role == "clearance socket");
  CHECK(clients->spec.framing == actors::framing::varlink);
  CHECK(s.io.listened() == std::vector{reader_socket, clearance_socket});
  auto line = s.log.only("serving");
  CHECK(line["clearance_socket"] == clearance_socket);
  CHECK(line["reader_socket"] == reader_socket);
}

TEST_CASE("a hub that cannot bind its first socket leaves nothing") {
  fixture s;
  s.io.refuse_to_bind(reader_socket, "the reader socket is taken");
  s.start();
  s.check_gone();
  CHECK(s.io.listened().empty());
  REQUIRE(s.ended);
  CHECK(*s.ended == actors::make_error(actors::errc::bind_failed));
  CHECK(actors::what(*s.ended) == "the reader socket is taken");
  CHECK(s.log.with("serving").empty());
}

TEST_CASE("a hub that cannot bind its second socket leaves nothing") {
  fixture s;
  s.io.refuse_to_bind(clearance_socket, "the clearance socket is taken");
  s.start();
  s.check_gone();
  CHECK(s.io.listened() == std::vector{reader_socket});
  REQUIRE(s.ended);
  CHECK(actors::what(*s.ended) == "the clearance socket is taken");
  CHECK(s.log.with("serving").empty());
}

TEST_CASE("a block goes from reader to client, and its verdict back") {
  fixture s;
  s.start();
  auto client = s.subscriber();
  auto caller = s.client();
  auto reader = s.reader();
  s.bring(reader, lines(1, 1));
  CHECK(client->flush_taken() == blocked(1)->wire());
  CHECK(reader->reading());
  s.bring(caller, {verdict});
  REQUIRE(s.executor.calls().size() == 1);
  CHECK(s.executor.calls()[0].dest == "203.0.113.7");
  CHECK(caller->taken().empty());
  s.executor.succeed(0);
  CHECK(caller->taken() == ok_reply);
  CHECK(client->taken().find(R"("type":"verdict_applied")") != ""s.npos);
}

TEST_CASE("verdict_applied is written before the caller's reply") {
  fixture s;
  s.start();
  auto client = s.subscriber();
  auto caller = s.client();
  s.bring(s.reader(), lines(1, 1));
  client->flush_taken();
  s.bring(caller, {verdict});
  std::string heard_before_reply;
  caller->on_write([&] { heard_before_reply = client->taken(); });
  s.executor.succeed(0);
  CHECK(caller->taken() == ok_reply);
  CHECK(heard_before_reply.find(R"("type":"verdict_applied")") != ""s.npos);
}

TEST_CASE("a caller that left does not cancel its verdict") {
  fixture s;
  s.start();
  auto client = s.subscriber();
  auto caller = s.client();
  s.bring(s.reader(), lines(1, 1));
  client->flush_taken();
  s.bring(caller, {verdict}, stream_end::broken);
  caller->take(0);
  caller->break_when_full();
  s.executor.succeed(0);
  CHECK_FALSE(caller->open());
  CHECK(request_ids(client->taken()) == ids(1, 1));
  CHECK(s.alive("hub") == 1);
}

TEST_CASE("the configured container and limits are used") {
  fixture s;
  actors::hub_config config;
  config.only_container.emplace("c1");
  config.limits.per_container = 1;
  s.start(std::move(config));
  s.bring(s.reader(), {line(1, "c2"), line(1), line(2)});
  CHECK(request_ids(s.subscriber()->taken()) == ids(2, 2));
}

TEST_CASE("if one part crashes, all others end with the same reason") {
  for (std::string part : {"registry", "ingester", "session", "subscriber"}) {
    CAPTURE(part);
    fixture s;
    s.start();
    const fake_connection_ptr all[] = {s.client(), s.subscriber(), s.reader()};
    auto victims = s.io.alive(part);
    REQUIRE(victims.size() == 1);
    s.crash(victims[0], caf::sec::bad_function_call);
    s.check_gone();
    for (auto& x : all)
      CHECK_FALSE(x->open());
    REQUIRE(s.ended);
    CHECK(*s.ended == caf::sec::bad_function_call);
  }
}

TEST_CASE("if a client or a reader leaves, nothing else ends") {
  fixture s;
  s.start();
  auto stays = s.subscriber();
  s.bring(s.client(), {}, stream_end::eof);
  s.bring(s.client(), {}, stream_end::broken);
  s.bring(s.client(), {"nonsense"});
  s.bring(s.client(), {}, stream_end::too_long);
  s.bring(s.reader(), lines(1, 1), stream_end::eof);
  s.bring(s.reader(), {}, stream_end::broken);
  s.subscriber()->hang_up();
  s.run();
  CHECK(s.alive("session") == 0);
  CHECK(s.alive("subscriber") == 1);
  CHECK(s.alive("hub") == 1);
  s.bring(s.reader(), lines(2, 2));
  CHECK(request_ids(stays->taken()) == ids(1, 2));
}

TEST_CASE("a client that there is no memory for is closed alone") {
  fixture s;
  s.start();
  auto stays = s.subscriber();
  s.io.run_out_of_memory(true);
  auto client = s.io.connect(clearance_socket);
  s.run();
  CHECK_FALSE(client->open());
  auto line = s.log.only("cannot serve a connection, it is closed");
  CHECK(line["why"] == "out of memory");
  CHECK(line["pid"] == "4242");
  s.io.run_out_of_memory(false);
  CHECK(s.client()->open());
  s.bring(s.reader(), lines(1, 1));
  CHECK(request_ids(stays->taken()) == ids(1, 1));
}

TEST_CASE("a hub survives its executor") {
  fixture s;
  s.start();
  auto caller = s.client();
  s.bring(s.reader(), lines(1, 1));
  s.executor.die();
  CHECK(s.alive("hub") == 1);
  s.bring(caller, {verdict});
  CHECK(caller->taken().find("ShieldCliFailed") != ""s.npos);
}

TEST_CASE("a hub that ends closes every connection, whatever its state") {
  fixture s;
  s.start();
  std::vector<fake_connection_ptr> all;
  all.push_back(s.client()); // idle
  auto asks = s.client();
  auto stuck_session = s.client();
  auto stuck_subscriber = s.subscriber();
  auto fast_subscriber = s.subscriber();
  auto idle_reader = s.reader();
  auto held_reader = s.reader();
  stuck_subscriber->take(10);
  stuck_session->take(3);
  s.bring(s.reader(), lines(1, 1));
  s.bring(asks, {verdict});
  s.bring(stuck_session, {verdict, subscribe});
  for (std::size_t n = 0; n < 5; ++n)
    if (held_reader->reading()) // until no more events fit
      s.bring(held_reader, lines(100 * n, 100 * n + 96));
  CHECK_FALSE(held_reader->reading());
  for (auto& x : {asks, stuck_session, stuck_subscriber, fast_subscriber,
                  idle_reader, held_reader}) {
    CHECK(x->open());
    all.push_back(x);
  }
  s.crash(s.hub, caf::exit_reason::user_shutdown);
  s.check_gone();
  for (auto& x : all)
    CHECK_FALSE(x->open());
  s.executor.succeed(0); // its hub has ended
}

TEST_CASE("a client that comes while the hub ends is closed, too") {
  fixture s;
  s.start();
  auto client = s.io.connect(clearance_socket);
  auto reader = s.io.connect(reader_socket);
  s.crash(s.hub, caf::exit_reason::user_shutdown);
  s.check_gone();
  // Closed, or released before anybody used it.
  CHECK((!client->open() || client.use_count() == 1));
  CHECK((!reader->open() || reader.use_count() == 1));
}

TEST_CASE("the report covers all parts, and the peers that were refused") {
  fixture s;
  s.start();
  s.io.listener_at(reader_socket)->refused = 2;
  s.io.listener_at(clearance_socket)->refused = 5;
  s.log.clear();
  caf::anon_send(s.hub, actors::report_atom::value);
  s.run();
  auto counters = s.log.with("counters");
  REQUIRE(counters.size() == 3);
  CHECK(counters[0].component == "hub");
  CHECK(counters[0]["readers_refused"] == "2");
  CHECK(counters[0]["clients_refused"] == "5");
  CHECK(counters[1].component == "ingester");
  CHECK(counters[2].component == "registry");
}

TEST_CASE("a subscriber takes a slot, and returns it when it leaves") {
  fixture s;
  actors::hub_config config;
  config.subscribers_max = 2;
  s.start(std::move(config));
  auto first = s.subscriber();
  s.subscriber();
  auto late = s.subscriber();
  CHECK_FALSE(late->open());
  CHECK(s.log.only("closed a client's connection")["why"]
        == "too many subscribers");
  CHECK(s.alive("subscriber") == 2);
  first->hang_up();
  s.run();
  CHECK(s.subscriber()->open());
  CHECK(s.alive("subscriber") == 2);
}

TEST_CASE("each socket has a memory budget, within that of the whole hub") {
  fixture s;
  actors::hub_config config;
  config.held_max_bytes = 1000;
  config.held_whole = std::make_shared<protocol::byte_budget>(1500);
  s.start(std::move(config));
  const auto readers = s.io.listener_at(reader_socket)->spec.held;
  const auto clients = s.io.listener_at(clearance_socket)->spec.held;
  REQUIRE(readers);
  REQUIRE(clients);
  CHECK(readers != clients);
  protocol::byte_charge by_readers{readers};
  protocol::byte_charge by_clients{clients};
  CHECK_FALSE(by_readers.try_hold(1001));
  CHECK(by_readers.try_hold(1000));
  CHECK_FALSE(by_clients.try_hold(501));
  CHECK(by_clients.try_hold(500));
  s.log.clear();
  caf::anon_send(s.hub, actors::report_atom::value);
  s.run();
  const auto line = s.log.with("counters").front();
  CHECK(line["bytes_held_by_readers"] == "1000");
  CHECK(line["bytes_held_by_clients"] == "500");
  CHECK(line["readers_denied_room"] == "1");
  CHECK(line["clients_denied_room"] == "1");
}

} // namespace hub_tests
