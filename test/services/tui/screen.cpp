#include "services/tui/screen.hpp"

#include "test/services/tui/screen_fixture.hpp"

#include <algorithm>

namespace screen_tests {

TEST_CASE_FIXTURE(screen_fixture, "the picture of two prompts") {
  auto a = open_prompt("files");
  a.container = "6f1d2c3b4a59";
  a.flags = {"shared_address"};
  a.count = 12;
  a.first_seen = 540'000'000;
  auto b = open_prompt("x");
  b.container = "77aa01c2d3e4";
  b.target = b.dest = "169.254.169.254";
  b.domain.clear();
  b.ports = {80};
  b.flags = {"metadata_service"};
  b.first_seen = 599'000'000;
  b.opens = "An allow opens this address.";
  change(a);
  change(b);
  rows = 12;
  type("j");
  CHECK(
      picture()
      == " clearance  1 hub | 2 containers | 2 waiting (oldest 1 min)"
         "               22:14\n"
         "    CONTAINER     TARGET                        PORT     AGE  NOTE\n"
         "> ! 6f1d2c3b4a59  files.example                  443   1 min  "
         "shared address\n"
         "  ! 77aa01c2d3e4  169.254.169.254                 80  <1 min  "
         "metadata service\n"
         "\n\n\n"
         "-----------------------------------------------------------------"
         "---------------\n"
         "   FLAGS: shared address. build in 6f1d2c3b4a59 wants files.example"
         " port 443 a~\n"
         "   An allow opens everything of files.example. No rule matches.\n"
         "\n"
         " a allow  x deny  ? help  q quit  Enter details  r reason  space "
         "mark  / filter\n");
}

TEST_CASE_FIXTURE(screen_fixture, "nothing waits, no hub, no fit") {
  CHECK(shows("Nothing waits."));
  change(open_prompt("a"));
  type("/zzz");
  CHECK(shows("No prompt fits the filter"));
  list.remove_hub("/run/h.sock");
  CHECK(shows("No hub is running yet"));
}

TEST_CASE_FIXTURE(screen_fixture, "any size is drawn") {
  for (int i = 0; i < 40; ++i)
    change(open_prompt("p" + std::to_string(i)));
  type("jjj");
  for (columns = 0; columns < 170; columns += 7)
    for (rows = 0; rows < 60; ++rows) {
      const auto grid = draw();
      CHECK(grid.columns() == columns);
      if (rows >= 3 && columns >= 20) {
        CHECK(grid.rows() == rows);
        CHECK(shows("p2"));
      }
    }
}

TEST_CASE_FIXTURE(screen_fixture, "every text of a container is escaped") {
  auto a = open_prompt("a");
  const std::string bad = "\x1b]0;x\a\n\xc2\x9b\xff";
  a.container = a.target = a.domain = a.dest = a.opens = a.rule = bad;
  a.addresses = a.flags = {bad};
  a.dossier = {{"task", bad}, {bad, bad}};
  change(a);
  auto b = a;
  b.id = "b";
  b.state = protocol::prompt_state::decided;
  b.decision.emplace().reason = bad;
  b.decision->by.name = b.decision->error = bad;
  change(b);
  look();
  type("j");
  call_result explained;
  explained.answer = *protocol::parse_operator_answer(
      R"({"parameters":{"decision":"\u001b","rules":["\u001b"],)"
      R"("opens":"\u001b"}})");
  const auto check = [&] {
    const auto grid = draw();
    for (std::size_t r = 0; r < grid.rows(); ++r)
      for (std::size_t c = 0; c < grid.columns(); ++c)
        REQUIRE((grid.at(r, c).glyph >= ' ' && grid.at(r, c).glyph < 0x7f));
  };
  check();
  press(key::kind::enter);
  check();
  view.explained(1, explained);
  check();
  type("qA");
  check();
  press(key::kind::escape);
  for (int i = 0; i < 3; ++i) {
    press(key::kind::tab);
    check();
  }
  press(key::kind::tab);
  type("o");
  check();
  type("r");
  press({key::kind::paste, bad});
  check();
}

TEST_CASE_FIXTURE(screen_fixture, "every key of the list moves as it says") {
  for (int i = 0; i < 60; ++i)
    change(open_prompt("p" + std::to_string(i)));
  const auto selected = [&] {
    const auto grid = draw();
    for (std::size_t r = 0; r < grid.rows(); ++r) {
      const auto text = grid.text(r);
      if (text.starts_with(">"))
        return text.substr(text.find(" p") + 1,
                           text.find(".example") - text.find(" p") - 1);
    }
    return std::string{};
  };
  type("j");
  CHECK(selected() == "p0");
  type("jj");
  CHECK(selected() == "p2");
  press(key::kind::up);
  CHECK(selected() == "p1");
  type("k");
  CHECK(selected() == "p0");
  press(key::kind::down);
  CHECK(selected() == "p1");
  press(key::kind::end);
  CHECK(selected() == "p59");
  press(key::kind::home);
  CHECK(selected() == "p0");
  type("G");
  CHECK(selected() == "p59");
  type("g");
  CHECK(selected() == "p0");
  press(key::kind::page_down);
  const auto page = selected();
  CHECK(page != "p0");
  press(key::kind::page_up);
  CHECK(selected() == "p0");
  type("n");
  CHECK(selected() == "p1");
  type("N");
  CHECK(selected() == "p0");
}

TEST_CASE_FIXTURE(screen_fixture, "the selected prompt stays on its line") {
  for (int i = 0; i < 60; ++i)
    change(open_prompt("p" + std::to_string(i)));
  type("j");
  for (int i = 0; i < 30; ++i)
    type("j");
  const auto line = [&] {
    const auto grid = draw();
    for (std::size_t r = 0; r < grid.rows(); ++r)
      if (grid.text(r).starts_with(">"))
        return r;
    return std::size_t{0};
  };
  const auto before = line();
  for (const auto* id : {"p1", "p2", "p3"})
    remove(id);
  CHECK(line() == before);
  CHECK(shows("p30.example"));
}

TEST_CASE_FIXTURE(screen_fixture, "a filter shows while it is typed") {
  change(open_prompt("alpha"));
  change(open_prompt("beta"));
  type("/al");
  CHECK(shows("filter: al"));
  CHECK(shows("alpha.example"));
  CHECK_FALSE(shows("beta.example"));
  press(key::kind::escape);
  CHECK(shows("beta.example"));
  type("/be");
  press(key::kind::enter);
  CHECK_FALSE(shows("alpha.example"));
  type("/");
  press(key::kind::clear_line);
  press(key::kind::enter);
  CHECK(shows("alpha.example"));
  // Esc on the list forgets the filter, too.
  type("/be");
  press(key::kind::enter);
  press(key::kind::escape);
  CHECK(shows("alpha.example"));
}

TEST_CASE_FIXTURE(screen_fixture, "o groups by container and by target") {
  auto a = open_prompt("a");
  auto b = open_prompt("b");
  b.container = "c2";
  auto c = open_prompt("c");
  c.target = a.target;
  c.container = "c2";
  for (const auto& x : {a, b, c})
    change(x);
  type("o");
  CHECK(shows("\n   c1  build\n"));
  CHECK(shows("\n   c2  build\n"));
  type("o");
  CHECK(shows("\n   a.example\n"));
  type("o");
  CHECK_FALSE(shows("\n   a.example\n"));
}

TEST_CASE_FIXTURE(screen_fixture, "e explains, m quiets, A shows a rule") {
  change(open_prompt("a"));
  look();
  CHECK(type("em").empty());
  type("j");
  const auto explain = type("e");
  REQUIRE(explain.size() == 1);
  CHECK(std::get<explain_wish>(explain[0]).prompt.id == "a");
  call_result answer;
  answer.answer = *protocol::parse_operator_answer(
      R"({"parameters":{"decision":"ask","rules":["one"],"opens":"all"}})");
  view.explained(std::get<explain_wish>(explain[0]).number, answer);
  CHECK(shows("The policy says: ask"));
  CHECK(shows("A rule matches: one"));
  press(key::kind::escape);
  const auto quiet = type("m");
  REQUIRE(quiet.size() == 1);
  const auto& x = std::get<quiet_wish>(quiet[0]);
  CHECK(x.container == "c1");
  CHECK(x.on);
  view.quieted(x, {});
  CHECK(shows("c1 is quiet"));
  // The prompt does not say yet that it is quiet.
  CHECK_FALSE(std::get<quiet_wish>(type("m").at(0)).on);
  CHECK(std::get<quiet_wish>(type("m").at(0)).on);
  type("A");
  CHECK(shows("[[rule]]"));
  CHECK(shows(R"(to = ["a.example"])"));
  CHECK(shows(R"(on = { task = "build" })"));
  CHECK(shows("expires = 2026-12-29"));
}

TEST_CASE_FIXTURE(screen_fixture, "a hub that ended says so") {
  for (const auto* id : {"a", "b"})
    change(open_prompt(id));
  look();
  SUBCASE("its socket is gone") {
    list.remove_hub("/run/h.sock");
  }
  SUBCASE("it was started again") {
    list.disconnected("/run/h.sock", "closed");
    list.connected("/run/h.sock");
    protocol::watch_reply x;
    x.complete = true;
    list.apply("/run/h.sock", x);
  }
  CHECK(shows("2 prompts left the list: their hub ended or was started again"));
}

TEST_CASE_FIXTURE(screen_fixture, "an empty list says what to do") {
  CHECK(shows("Nothing waits."));
  list.disconnected("/run/h.sock", "no hub runs at /run/h.sock");
  CHECK(shows("h: no hub runs at /run/h.sock"));
  list.remove_hub("/run/h.sock");
  CHECK(shows("terok-clearance serve --inline-verdict"));
  screen elsewhere{list, false, "/run/user/7"};
  CHECK(elsewhere.draw(rows, columns, time()).text(3)
        == "   No hub is running yet below /run/user/7; waiting for one.");
}

TEST_CASE_FIXTURE(screen_fixture, "a long filter leaves the clock whole") {
  change(open_prompt("a"));
  type("/" + std::string(60, 'z'));
  const auto head = picture().substr(0, 80);
  CHECK(head.find("z~") != std::string::npos);
  CHECK(head.find(" 22:14") != std::string::npos);
}

// An allow that failed waits again: the page of decisions was empty.
TEST_CASE_FIXTURE(screen_fixture, "a failed allow stands among the decided") {
  auto a = open_prompt("a");
  auto& made = a.decision.emplace();
  made.action = protocol::action::allow;
  made.result = protocol::decision_result::failed;
  made.error = "no shield";
  change(a);
  columns = 120;
  press(key::kind::tab);
  CHECK(shows("failed: no shield"));
}

TEST_CASE_FIXTURE(screen_fixture, "columns of decisions do not touch") {
  auto a = open_prompt("a");
  a.container = "container-with-a-name";
  a.decision.emplace().result = protocol::decision_result::failed;
  change(a);
  columns = 120;
  press(key::kind::tab);
  CHECK(shows("container-w~ a.example"));
}

TEST_CASE_FIXTURE(screen_fixture, "a click selects, the wheel moves") {
  for (int i = 0; i < 30; ++i)
    change(open_prompt("p" + std::to_string(i)));
  draw();
  const auto selected = [&](const std::string& target) {
    const auto text = picture();
    const auto at = text.find("\n> ");
    return at != text.npos
           && text.substr(at + 1, text.find('\n', at + 1) - at).find(target)
                  != text.npos;
  };
  CHECK(press(key{key::kind::click, {}, 3}).empty());
  CHECK(selected("p1.example"));
  press(key::kind::wheel_down);
  CHECK(selected("p4.example"));
  press(key::kind::wheel_up);
  CHECK(selected("p1.example"));
  // What is no row of the list selects nothing else.
  for (std::size_t row : {0U, 1U, 20U, 23U, 99U})
    press(key{key::kind::click, {}, row});
  CHECK(selected("p1.example"));
  type("?");
  press(key{key::kind::click, {}, 4});
  press(key::kind::wheel_down);
  type("q");
  CHECK(selected("p1.example"));
}

TEST_CASE_FIXTURE(screen_fixture, "Tab leads through the pages and back") {
  auto a = open_prompt("a");
  a.state = protocol::prompt_state::decided;
  auto& made = a.decision.emplace();
  made.action = protocol::action::allow;
  made.result = protocol::decision_result::applied;
  made.by.uid = 7;
  made.by.name = "kim";
  made.at = 590'000'000;
  made.reason = "wheels";
  change(a);
  columns = 120;
  CHECK(press(key::kind::tab).empty());
  CHECK(shows("10 s ago   c1           a.example  allowed by uid 7 (kim): "
              "wheels"));
  const auto wishes = press(key::kind::tab);
  REQUIRE(wishes.size() == 1);
  CHECK(std::get<rules_wish>(wishes[0]).hub == "/run/h.sock");
  call_result rules;
  rules.answer = *protocol::parse_operator_answer(
      R"({"parameters":{"state":"good","rules":[{"name":"n","why":"w",)"
      R"("file":"f","line":3,"to":["*.x"],"action":"deny"}]}})");
  view.got_rules("/run/h.sock", rules);
  CHECK(shows("Rules of h"));
  CHECK(shows("deny *.x  \"n\" (f:3): w"));
  press(key::kind::tab);
  CHECK(shows("/run/h.sock"));
  press(key::kind::tab);
  CHECK(shows("Nothing waits."));
  press(key::kind::tab);
  type("q"); // back, and not out
  CHECK(shows("Nothing waits."));
}

TEST_CASE_FIXTURE(screen_fixture, "help, leave, suspend and redraw") {
  type("?");
  CHECK(shows("Keys"));
  type("jkq");
  CHECK_FALSE(shows("Keys\n"));
  CHECK(std::holds_alternative<quit_wish>(type("q").at(0)));
  // Everywhere, also while something is typed.
  for (const auto* keys : {"", "?", "/"}) {
    type(keys);
    CHECK(std::holds_alternative<quit_wish>(
        press(key::kind::interrupt_key).at(0)));
    CHECK(std::holds_alternative<suspend_wish>(
        press(key::kind::suspend_key).at(0)));
    CHECK(std::holds_alternative<redraw_wish>(
        press(key::kind::redraw_key).at(0)));
  }
  press(key::kind::escape);
  type("Z");
  press(key::kind::escape);
  CHECK(type("Z").empty());
  CHECK(shows("? shows the keys"));
}

TEST_CASE_FIXTURE(screen_fixture, "no tone says something alone") {
  auto a = open_prompt("a");
  a.flags = {"metadata_service"};
  change(a);
  change(open_prompt("b"));
  auto c = open_prompt("c");
  c.quiet = true;
  change(c);
  const auto text = picture();
  CHECK(text.find("  ! c1") != std::string::npos);
  CHECK(text.find("metadata") != std::string::npos);
  CHECK(text.find("quiet") != std::string::npos);
  const auto grid = draw();
  CHECK(grid.at(2, 2).meaning == tone::danger);
  CHECK(grid.at(2, 5).meaning == tone::normal);
  CHECK(grid.at(3, 2).meaning == tone::normal);
}

TEST_CASE_FIXTURE(screen_fixture, "500 prompts are drawn in their rows") {
  for (int i = 0; i < 500; ++i)
    change(open_prompt("p" + std::to_string(i)));
  rows = 50;
  columns = 160;
  CHECK(shows("500 waiting"));
  type("G");
  CHECK(shows("p499.example"));
  CHECK_FALSE(shows("p400.example"));
}

TEST_CASE_FIXTURE(screen_fixture, "a picture changes once a minute by itself") {
  auto a = open_prompt("a");
  a.first_seen = 590'000'000;
  change(a);
  const auto before = draw();
  now += 49s;
  wall += 49'000'000;
  CHECK(draw() == before);
  wall += 1'000'000;
  CHECK_FALSE(draw() == before);
}

} // namespace screen_tests
