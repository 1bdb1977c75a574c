#include "services/client/plain_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace plain_session_tests {

using namespace clearance;
using namespace clearance::services;
using protocol::listed_prompt;
using protocol::prompt_state;

namespace {

listed_prompt waiting_prompt(const std::string& id) {
  listed_prompt x;
  x.id = id;
  x.revision = 1;
  x.container = "c1";
  x.target = x.domain = id + ".example";
  x.dest = "203.0.113.7";
  x.addresses = {x.dest};
  x.ports = {443};
  x.count = 1;
  x.dossier = {{"task", "build"}};
  return x;
}

struct plain_fixture {
  plain_fixture() {
    list.connected("/run/h.sock");
    protocol::watch_reply x;
    x.complete = true;
    list.apply("/run/h.sock", x);
    lines();
  }

  void change(const listed_prompt& x) {
    protocol::watch_reply reply;
    reply.prompt = x;
    list.apply("/run/h.sock", reply);
  }

  std::string lines() {
    session.update(list, 41'000'000, "T");
    return session.take_output();
  }

  plain_session::wish command(const std::string& line) {
    return session.command(line, list, 41'000'000, "T");
  }

  std::string answer(const std::string& line) {
    CHECK(std::holds_alternative<std::monostate>(command(line)));
    return session.take_output();
  }

  protocol::prompt_list list;
  plain_session session{false};
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the first line says the mode") {
  plain_session session{false};
  session.begin("22:14:07");
  CHECK(session.take_output().starts_with("22:14:07 Plain text"));
}

TEST_CASE_FIXTURE(plain_fixture, "a prompt is one line with a number") {
  change(waiting_prompt("a"));
  CHECK(lines()
        == "T [1] c1 (task build) wants a.example port 443, address "
           "203.0.113.7, 1 block, first 41 s ago\n");
  // More blocks are no news.
  auto a = waiting_prompt("a");
  a.count = 12;
  change(a);
  CHECK(lines().empty());
  change(waiting_prompt("b"));
  CHECK(lines().starts_with("T [2] "));
}

TEST_CASE_FIXTURE(plain_fixture, "flags stand in the line") {
  auto a = waiting_prompt("a");
  a.flags = {"metadata_service", "some_new_flag"};
  change(a);
  CHECK(has(lines(), "FLAGS: metadata service, some new flag"));
}

TEST_CASE_FIXTURE(plain_fixture,
                  "nothing of a container reaches the terminal") {
  auto a = waiting_prompt("a\x1b[2J\n[9] forged");
  a.container = "\x1b]0;x\a";
  a.dossier = {{"task", "\xc2\x9b"}, {"container_name", "n\r\n"}};
  a.rule = "\x1b";
  a.flags = {"\x1b"};
  change(a);
  change(waiting_prompt("b"));
  auto b = waiting_prompt("b");
  b.state = prompt_state::decided;
  b.decision.emplace().reason = "\x1b\n";
  b.decision->by.name = "\x1b";
  auto text = lines();
  change(b);
  text += lines();
  text += answer("l");
  for (char c : text)
    CHECK((c == '\n' || (c >= ' ' && c <= '~')));
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
}

TEST_CASE_FIXTURE(plain_fixture, "a decision names what the line said") {
  change(waiting_prompt("a"));
  lines();
  const auto x = command("a 1 for wheels");
  const auto* decide = std::get_if<plain_session::wants_decision>(&x);
  REQUIRE(decide != nullptr);
  CHECK(decide->prompt == protocol::prompt_key{"/run/h.sock", "a"});
  CHECK(decide->revision == 1);
  CHECK(decide->action == protocol::action::allow);
  CHECK(decide->reason == "for wheels");
}

TEST_CASE_FIXTURE(plain_fixture, "a changed prompt has another number") {
  auto a = waiting_prompt("a");
  change(a);
  lines();
  a.revision = 2;
  a.flags = {"private_address"};
  change(a);
  // The change is there, and its line is not written yet.
  CHECK(has(answer("a 1"), "this prompt has changed"));
  CHECK(lines().starts_with("T [2] Changed: "));
  CHECK(has(answer("a 1"), "Nothing done"));
  const auto x = command("a 2");
  REQUIRE(std::holds_alternative<plain_session::wants_decision>(x));
  CHECK(std::get<plain_session::wants_decision>(x).revision == 2);
}

TEST_CASE_FIXTURE(plain_fixture, "numbers are never used again") {
  auto a = waiting_prompt("a");
  change(a);
  lines();
  a.state = prompt_state::decided;
  auto& made = a.decision.emplace();
  made.action = protocol::action::deny;
  made.result = protocol::decision_result::applied;
  made.by.uid = 1000;
  made.by.name = "kim";
  made.reason = "no";
  change(a);
  CHECK(lines() == "T [1] Decided: denied by uid 1000 (kim): no\n");
  CHECK(has(answer("a 1"), "Nothing done"));
  change(waiting_prompt("b"));
  CHECK(lines().starts_with("T [2] "));
  CHECK(has(answer("a 7"), "there is no prompt of this number"));
}

TEST_CASE_FIXTURE(plain_fixture, "the end of a prompt is said") {
  auto a = waiting_prompt("a");
  change(a);
  change(waiting_prompt("b"));
  lines();
  a.state = prompt_state::gone;
  a.why = "container_exited";
  change(a);
  CHECK(lines() == "T [1] Gone: its container ended\n");
  protocol::watch_reply reply;
  reply.removed = {"a", "b"};
  list.apply("/run/h.sock", reply);
  CHECK(lines() == "T [2] Gone: its hub has it no longer\n");
}

TEST_CASE_FIXTURE(plain_fixture, "a failed decision says why") {
  auto a = waiting_prompt("a");
  change(a);
  lines();
  auto& made = a.decision.emplace();
  made.seq = 4;
  made.action = protocol::action::allow;
  made.result = protocol::decision_result::failed;
  made.error = "no shield";
  change(a);
  CHECK(lines() == "T [1] Waits again: allow by somebody failed: no shield\n");
  CHECK(lines().empty());
  CHECK(std::holds_alternative<plain_session::wants_decision>(command("d 1")));
}

TEST_CASE_FIXTURE(plain_fixture, "what is being decided is not decided twice") {
  auto a = waiting_prompt("a");
  change(a);
  a.state = prompt_state::deciding;
  change(a);
  CHECK(has(lines(), "It is being decided"));
  CHECK(has(answer("a 1"), "is being decided"));
  CHECK(
      std::holds_alternative<plain_session::wants_explanation>(command("e 1")));
}

TEST_CASE_FIXTURE(plain_fixture, "a hub that is away is said once") {
  change(waiting_prompt("a"));
  lines();
  list.disconnected("/run/h.sock", "the hub closed the connection");
  CHECK(lines() == "T Hub h: the hub closed the connection\n");
  CHECK(lines().empty());
  CHECK(has(answer("a 1"), "its hub is away"));
  CHECK(has(answer("l"), "Its hub is away"));
  list.connected("/run/h.sock");
  CHECK(lines().empty());
  protocol::watch_reply x;
  x.prompts.push_back(waiting_prompt("a"));
  x.complete = true;
  list.apply("/run/h.sock", x);
  CHECK(lines() == "T Hub h: connected\n");
  CHECK(std::holds_alternative<plain_session::wants_decision>(command("a 1")));
  session.decision(1, {decision_outcome::kind::unknown, "no answer", {}}, "T");
  session.take_output();
  list.remove_hub("/run/h.sock");
  CHECK(lines() == "T Hub h: gone\nT [1] Gone: its hub has it no longer\n");
}

TEST_CASE_FIXTURE(plain_fixture, "a quiet prompt is only listed") {
  auto a = waiting_prompt("a");
  a.quiet = true;
  change(a);
  CHECK(lines().empty());
  CHECK(has(answer("l"), "[1] c1"));
  const auto x = command("m 1");
  const auto* quiet = std::get_if<plain_session::wants_quiet>(&x);
  REQUIRE(quiet != nullptr);
  CHECK(quiet->container == "c1");
  CHECK_FALSE(quiet->on);
}

TEST_CASE_FIXTURE(plain_fixture, "the list keeps the numbers") {
  change(waiting_prompt("a"));
  change(waiting_prompt("b"));
  lines();
  const auto text = answer("l");
  CHECK(has(text, "T [1] c1"));
  CHECK(has(text, "T [2] c1"));
  CHECK(text.ends_with("T 2 prompts wait.\n"));
  CHECK(has(answer("h"), "d N [reason]"));
  CHECK(answer("").empty());
  CHECK(has(answer("bogus"), "Nothing done"));
  CHECK(std::holds_alternative<plain_session::wants_end>(command("q")));
}

TEST_CASE("with --json every line is one object in ASCII") {
  protocol::prompt_list list;
  list.connected("h");
  protocol::watch_reply x;
  x.prompts.push_back(waiting_prompt("\xc3\xa9\x1b\n"));
  x.complete = true;
  list.apply("h", x);
  plain_session session{true};
  session.begin("T");
  session.update(list, 0, "T");
  CHECK(std::holds_alternative<plain_session::wants_decision>(
      session.command(R"({"command":"deny","number":1})", list, 0, "T")));
  session.decision(1, {decision_outcome::kind::done, "denied", {}}, "T");
  session.command("a 1", list, 0, "T");
  const auto text = session.take_output();
  std::vector<std::string> types;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    const auto tree = protocol::parse_json_tree(line);
    REQUIRE(tree.has_value());
    types.push_back(tree->find("type")->text);
    for (char c : line)
      CHECK((c >= ' ' && c <= '~'));
    at = end + 1;
  }
  CHECK(
      types
      == std::vector<std::string>{"mode", "hub", "prompt", "outcome", "error"});
}

TEST_CASE_FIXTURE(plain_fixture, "m twice is as it was before") {
  change(waiting_prompt("a"));
  lines();
  const auto next = [&] {
    return std::get<plain_session::wants_quiet>(command("m 1"));
  };
  CHECK(next().on);
  CHECK_FALSE(next().on);
  CHECK(next().on);
  // The hub says that it is quiet.
  auto a = waiting_prompt("a");
  a.quiet = true;
  change(a);
  lines();
  const auto x = next();
  CHECK_FALSE(x.on);
  // A wish that failed changed nothing.
  call_result failed;
  failed.failure = "no";
  session.quiet(x, failed, "T");
  CHECK_FALSE(next().on);
}

// One's own answer was written twice: as the outcome and as a decision.
TEST_CASE_FIXTURE(plain_fixture, "the end of an answered prompt is said once") {
  auto a = waiting_prompt("a");
  change(a);
  lines();
  CHECK(std::holds_alternative<plain_session::wants_decision>(command("a 1")));
  a.state = prompt_state::decided;
  a.decision.emplace();
  SUBCASE("the outcome comes first") {
    session.decision(1, {decision_outcome::kind::done, "allowed", {}}, "T");
    CHECK(session.take_output() == "T [1] allowed\n");
    change(a);
    CHECK(lines().empty());
  }
  SUBCASE("the outcome comes last") {
    change(a);
    CHECK(lines().empty());
    session.decision(1, {decision_outcome::kind::done, "allowed", {}}, "T");
    CHECK(session.take_output() == "T [1] allowed\n");
  }
  SUBCASE("nobody knows the outcome") {
    session.decision(1, {decision_outcome::kind::unknown, "no answer", {}},
                     "T");
    session.take_output();
    change(a);
    CHECK(lines() == "T [1] Decided: deny by somebody\n");
  }
}

TEST_CASE("numbers begin where the owner wants them to begin") {
  protocol::prompt_list list;
  protocol::watch_reply x;
  x.prompts.push_back(waiting_prompt("a"));
  list.apply("h", x);
  plain_session session{false, 417};
  session.update(list, 0, "T");
  CHECK(has(session.take_output(), "T [418] c1"));
  CHECK(std::holds_alternative<std::monostate>(
      session.command("a 1", list, 0, "T")));
  CHECK(has(session.take_output(), "there is no prompt of this number"));
}

TEST_CASE_FIXTURE(plain_fixture, "a last line without an end is no command") {
  session.input_ended("a 1", "T");
  CHECK(session.take_output() == "T Nothing done: the last line has no end\n");
  session.input_ended(" ", "T");
  CHECK(session.take_output().empty());
}

} // namespace plain_session_tests
