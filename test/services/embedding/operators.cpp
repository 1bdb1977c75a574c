// Policy, audit trail and metrics of the library, with real files and sockets.
// See services/embedding/operators.hpp.

#include "services/embedding/clearance.hpp"
#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/http_client.hpp"
#include "test/support/net/raw_socket.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace embedding_operators_tests {

using namespace clearance;
using namespace std::string_literals;
namespace face = clearance::embedding;

namespace {

face::executor::behavior_type always_apply(face::executor::pointer) {
  return {[](const face::shield_call&) {
    return face::shield_result{true, ""};
  }};
}

face::metrics::behavior_type count_nothing(face::metrics::pointer) {
  return {[](face::counters_atom) { return face::counters{}; }};
}

std::string file_rule(const std::string& name, const std::string& target) {
  return "version = 1\n[[rule]]\nname = \"" + name
         + "\"\nwhy = \"a test\"\nto = [\"" + target
         + "\"]\naction = \"deny\"\n";
}

/// value() of CAF 0.17.6 does not check.
template <class T>
T started(caf::expected<T> x) {
  if (!x)
    throw std::runtime_error(face::what(x.error()));
  return std::move(*x);
}

class application {
public:
  ~application() {
    caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(executor_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(foreign_, caf::exit_reason::user_shutdown);
    self_->wait_for(loop);
    CHECK(face::flush_audit_trails(test::hang_guard));
  }

  face::hub_config config() const {
    face::hub_config result;
    result.clearance_socket = directory / "hub.sock";
    result.reader_socket = directory / "reader.sock";
    result.executor = executor_;
    return result;
  }

  const face::metrics& foreign_metrics() const { return foreign_; }

  template <class Answer, class Handle, class Question>
  Answer ask(const Handle& whom, Question x) {
    Answer result;
    self_->request(whom, test::hang_guard, std::move(x))
        .receive([&](Answer& y) { result = std::move(y); },
                 [](const caf::error& why) {
                   throw std::runtime_error(face::what(why));
                 });
    return result;
  }

  void end(const face::hub& x) {
    self_->monitor(x);
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    self_->receive([](const caf::down_msg&) { /* nop */ });
  }

  /// Announces a block and decides its prompt.
  face::verdict_result decide_block(const face::hub& hub, int number) {
    const auto domain = "host" + std::to_string(number) + ".example.com";
    const auto id = "c1:" + std::to_string(number);
    // The hub answers when it serves.
    ask<face::prompts>(hub, face::list_prompts{});
    test::raw_socket{directory / "reader.sock"}.send(
        R"({"type":"pending","container":"c1","id":")" + id
        + R"(","dest":"203.0.113.7","port":443,"proto":6,"domain":")" + domain
        + "\"}\n");
    const test::deadline guard;
    for (;;) {
      for (const auto& x : ask<face::prompts>(hub, face::list_prompts{}).list)
        if (x.domain == domain)
          return ask<face::verdict_result>(
              hub, face::decision{x.id, x.revision, "allow", "", 0});
      guard.pace("the prompt of " + domain);
    }
  }

  test::temp_dir directory;

private:
  static caf::actor_system_config& configure(caf::actor_system_config& x) {
    face::add_types(x);
    x.set("scheduler.policy", caf::atom("sharing"));
    x.set("scheduler.max-threads", std::size_t{2});
    return x;
  }

  caf::actor_system_config config_;
  caf::actor_system system_{configure(config_)};
  caf::scoped_actor self_{system_};
  face::executor executor_ = system_.spawn(always_apply);
  face::metrics foreign_ = system_.spawn(count_nothing);

public:
  caf::actor loop = face::start_loop(system_);
};

std::size_t lines_with(const std::filesystem::path& file,
                       const std::string& text) {
  const auto all = test::read_file(file);
  std::size_t result = 0;
  for (auto at = all.find(text); at != all.npos; at = all.find(text, at + 1))
    ++result;
  return result;
}

std::vector<std::string> names_of(const face::rules& x) {
  std::vector<std::string> result;
  for (const auto& each : x.list)
    result.push_back(each.name);
  return result;
}

} // namespace

TEST_CASE("the policy of an application is files, texts and rules together") {
  application x;
  const auto rules = x.directory / "policy.d";
  std::filesystem::create_directory(rules);
  test::write_file(rules / "a.toml", file_rule("of a file", "192.0.2.1"));
  auto config = x.config();
  config.policy.directories = {rules};
  config.policy.texts = {{"settings", file_rule("of a text", "192.0.2.2")}};
  face::policy_rule own;
  own.name = "of the application";
  own.why = "a test";
  own.every_container = true;
  own.to = {"*.co.uk"};
  own.every_port = true;
  own.action = "ask";
  config.policy.rules = {own};
  const auto hub = started(face::start_hub(x.loop, config));
  const auto in_force = x.ask<face::rules>(hub, face::list_rules{});
  CHECK(names_of(in_force)
        == std::vector{"of a file"s, "of a text"s, "of the application"s});
  CHECK(in_force.list[1].file == "settings");
  CHECK(in_force.list[1].line == 2);

  // A file with a mistake: nothing of it is used.
  test::write_file(rules / "b.toml", "version = 1\n[[rule]]\nto = []\n");
  auto status = x.ask<face::policy_status>(hub, face::reload_atom::value);
  CHECK_FALSE(status.ok);
  CHECK(status.rules == 3);
  CHECK(status.fault.file == rules / "b.toml");
  CHECK(status.fault.line == 2);
  CHECK(status.fault.key == "name");
  CHECK(names_of(x.ask<face::rules>(hub, face::list_rules{})).size() == 3);

  test::write_file(rules / "b.toml", file_rule("mended", "192.0.2.3"));
  status = x.ask<face::policy_status>(hub, face::reload_atom::value);
  CHECK(status.ok);
  CHECK(status.rules == 4);
  CHECK(status.fault.reason.empty());

  face::policy_source other;
  other.directories = {"policy.d"};
  status = x.ask<face::policy_status>(hub, other);
  CHECK(status.fault.reason == "is no absolute path of a directory");
  other.directories = {x.directory / "none"};
  status = x.ask<face::policy_status>(hub, other);
  CHECK(status.fault.file == x.directory / "none");
  other.directories.clear();
  other.texts = {{"broken", "version = \n"}};
  status = x.ask<face::policy_status>(hub, other);
  CHECK(status.fault.file == "broken");
  CHECK(status.fault.line == 1);
  other.texts = {{"large", std::string(1024 * 1024 + 1, '\n')}};
  status = x.ask<face::policy_status>(hub, other);
  CHECK(status.fault.reason == "is larger than 1048576 bytes");
  CHECK(x.ask<face::rules>(hub, face::list_rules{}).list.size() == 4);
}

TEST_CASE("a hub with a policy that is refused serves, and decides nothing") {
  application x;
  auto config = x.config();
  config.policy.directories = {x.directory / "none"};
  const auto hub = started(face::start_hub(x.loop, config));
  const auto in_force = x.ask<face::rules>(hub, face::list_rules{});
  CHECK(in_force.list.empty());
  CHECK(in_force.state.starts_with("could not be loaded: "));
  CHECK(x.decide_block(hub, 1).ok);
  config.prompts = false;
  const auto none = face::start_hub(x.loop, config);
  REQUIRE_FALSE(none);
  CHECK(face::what(none.error()) == "a hub without prompts has no policy");
}

TEST_CASE("a hub that is started again goes on with its audit trail") {
  application x;
  const auto file = x.directory / "audit.jsonl";
  auto config = x.config();
  config.audit.file = file;
  config.audit.sync = true;
  for (int i = 1; i <= 3; ++i) {
    // The last records of the hub before may not be written yet.
    const auto hub = started(face::start_hub(x.loop, config));
    CHECK(x.decide_block(hub, i).ok);
    // The result is recorded behind the answer.
    const test::deadline guard;
    while (lines_with(file, R"("event":"decision_result")")
           < static_cast<std::size_t>(i))
      guard.pace("the record of the result");
    x.end(hub);
  }
  CHECK(face::flush_audit_trails(test::hang_guard));
  CHECK(lines_with(file, R"("event":"start")") == 3);
  CHECK(lines_with(file, R"("event":"stop")") == 3);
}

TEST_CASE("an audit trail that was renamed goes on in a new file") {
  application x;
  const auto file = x.directory / "audit.jsonl";
  auto config = x.config();
  config.audit.file = file;
  config.audit.sync = true;
  const auto hub = started(face::start_hub(x.loop, config));
  CHECK(x.decide_block(hub, 1).ok);
  std::filesystem::rename(file, x.directory / "audit.jsonl.1");
  CHECK(x.ask<face::policy_status>(hub, face::reload_atom::value).ok);
  CHECK(x.decide_block(hub, 2).ok);
  CHECK(lines_with(file, "host2.example.com") > 0);
  CHECK(lines_with(x.directory / "audit.jsonl.1", "host2.example.com") == 0);
}

TEST_CASE("an audit trail that cannot be opened keeps the hub from starting") {
  application x;
  auto config = x.config();
  config.audit.file = x.directory / "none" / "audit.jsonl";
  auto hub = face::start_hub(x.loop, config);
  REQUIRE_FALSE(hub);
  CHECK(face::what(hub.error()).find(config.audit.file) != std::string::npos);
  config.audit.file = "audit.jsonl";
  hub = face::start_hub(x.loop, config);
  REQUIRE_FALSE(hub);
  CHECK(face::what(hub.error()).find("no absolute path") != std::string::npos);
}

TEST_CASE("the counters of two hubs are added up, and served") {
  application x;
  const auto socket = x.directory / "metrics.sock";
  const auto metrics = started(face::start_metrics(x.loop, {socket.string()}));
  auto config = x.config();
  config.metrics = metrics;
  auto other = config;
  other.clearance_socket = x.directory / "hub2.sock";
  other.reader_socket = x.directory / "reader2.sock";
  const auto second = started(face::start_hub(x.loop, other));
  const auto hub = started(face::start_hub(x.loop, config));
  CHECK(x.decide_block(hub, 1).ok);
  x.end(second);
  const auto all = x.ask<face::counters>(metrics, face::counters_atom::value);
  bool is_counted = false;
  for (const auto& each : all.list)
    if (each.name == "terok_clearance_verdicts_total"
        && each.labels == R"(result="applied")") {
      is_counted = true;
      CHECK(each.value == 1);
      CHECK(each.type == "counter");
    }
  CHECK(is_counted);
  test::http_client client{test::raw_socket{socket}};
  const auto got = client.call("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(got.status == 200);
  CHECK(got.body.find("terok_clearance_verdicts_total{result=\"applied\"} 1\n")
        != std::string::npos);
  CHECK(got.body.find("terok_clearance_prompts_waiting 0\n")
        != std::string::npos);
}

TEST_CASE("metrics that are wrong are refused with their reason") {
  application x;
  auto config = x.config();
  config.metrics = x.foreign_metrics();
  const auto hub = face::start_hub(x.loop, config);
  REQUIRE_FALSE(hub);
  CHECK(face::what(hub.error())
        == "the metrics are not those of this loop, or have ended");
  const auto metrics = face::start_metrics(x.loop, {"0.0.0.0:9464"});
  REQUIRE_FALSE(metrics);
  CHECK(face::what(metrics.error())
            .starts_with("the address of the metrics: `0.0.0.0:9464` is "));
}

} // namespace embedding_operators_tests
