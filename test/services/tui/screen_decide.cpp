// What keeps a key from deciding what nobody has looked at. Source: clients.md,
// section 1, "Safety".
#include "test/services/tui/screen_fixture.hpp"

namespace screen_tests {

namespace {

struct three_prompts : screen_fixture {
  /// Keys of one read: no picture is drawn between them.
  std::vector<screen_wish> wishes_of_burst(std::string_view keys) {
    draw();
    std::vector<screen_wish> result;
    for (char c : keys)
      for (auto& x : view.press({key::kind::character, {c}}, time()))
        result.push_back(std::move(x));
    draw();
    return result;
  }

  three_prompts() {
    for (const auto* id : {"a", "b", "d"})
      change(open_prompt(id));
    look();
    type("j");
    look();
  }
};

decision_outcome outcome(decision_outcome::kind what, const std::string& text) {
  return {what, text, {}};
}

} // namespace

TEST_CASE_FIXTURE(three_prompts, "a key decides the selected prompt") {
  CHECK(decisions(type("a")) == "+a");
  CHECK(decisions(slowly("jx")) == "-b");
}

TEST_CASE_FIXTURE(three_prompts, "without a selection nothing is decided") {
  screen_fixture fresh;
  fresh.change(open_prompt("a"));
  fresh.look();
  CHECK(fresh.type("ax").empty());
  CHECK(fresh.shows("Nothing is selected"));
}

TEST_CASE_FIXTURE(screen_fixture, "a prompt is decided after 500 ms") {
  change(open_prompt("a"));
  draw();
  type("j");
  now += 499ms;
  CHECK(type("a").empty());
  CHECK(bottom().find("Not yet") != std::string::npos);
  // The refused key made the wait longer.
  now += 349ms;
  CHECK(type("a").empty());
  now += 350ms;
  CHECK(decisions(type("a")) == "+a");
}

TEST_CASE_FIXTURE(three_prompts, "350 ms must pass after something moved") {
  type("j");
  look();
  remove("a"); // b moves up
  draw();
  now += 349ms;
  CHECK(type("a").empty());
  now += 350ms;
  CHECK(decisions(type("a")) == "+b");
}

// `j a j a j a` in one burst decided all of them, though nobody had seen what
// an allow of the second one opens.
TEST_CASE_FIXTURE(three_prompts, "keys that were typed ahead decide nothing") {
  CHECK(wishes_of_burst("jajaja").empty());
  now += 1s;
  CHECK(wishes_of_burst("kaka").empty());
  now += 1s;
  CHECK(wishes_of_burst(" a x").empty()); // nor do they decide a marked set
  press(key::kind::escape);
  look();
  CHECK(decisions(wishes_of_burst("a")) != "");
}

TEST_CASE_FIXTURE(three_prompts, "new prompts append and move nothing") {
  change(open_prompt("e"));
  CHECK(decisions(type("a")) == "+a");
}

TEST_CASE_FIXTURE(three_prompts,
                  "the next prompt may vanish between two keys") {
  remove("b");
  // j now leads to d, which the person did not mean.
  CHECK(type("ja").empty());
}

TEST_CASE_FIXTURE(three_prompts,
                  "a prompt that vanishes leaves nothing selected") {
  SUBCASE("removed") {
    remove("a");
  }
  SUBCASE("decided by somebody else") {
    auto a = open_prompt("a");
    a.state = protocol::prompt_state::decided;
    a.decision.emplace();
    change(a);
  }
  now += 1s;
  CHECK(type("a").empty());
  CHECK(shows("Nothing is selected"));
  // What moved up below the cursor is not taken for it.
  look();
  CHECK(type("x").empty());
  CHECK(decisions(slowly("jx")) == "-b");
}

TEST_CASE_FIXTURE(three_prompts, "keys on a prompt being decided do nothing") {
  CHECK(decisions(type("a")) == "+a");
  CHECK(type("ax").empty());
  CHECK(shows("being decided"));
  CHECK(shows("deciding..."));
  // Another operator is about to.
  type("j");
  auto b = open_prompt("b");
  b.state = protocol::prompt_state::deciding;
  change(b);
  look();
  CHECK(type("ax").empty());
  CHECK(shows("being decided"));
}

TEST_CASE_FIXTURE(three_prompts, "a bracketed paste is never keys") {
  CHECK(press({key::kind::paste, "a"}).empty());
  CHECK(press({key::kind::paste, "x\n*a5\nq"}).empty());
  CHECK(shows("never taken for keys"));
  // The end of the paste may have been in the text.
  CHECK(type("axa").empty());
  now += 349ms;
  CHECK(type("a").empty());
  CHECK(decisions(slowly("a")) == "+a");
}

TEST_CASE_FIXTURE(three_prompts, "an answer carries the revision shown") {
  auto a = open_prompt("a");
  a.revision = 7;
  change(a);
  look();
  const auto wishes = type("a");
  REQUIRE(wishes.size() == 1);
  CHECK(std::get<decide_wish>(wishes[0]).revision == 7);
}

TEST_CASE_FIXTURE(three_prompts, "what was not drawn yet is not decided") {
  auto a = open_prompt("a");
  a.revision = 2;
  change(a);
  // The program draws before each key. Even if it did not:
  CHECK(view.press({key::kind::character, "a"}, time()).empty());
}

TEST_CASE_FIXTURE(three_prompts, "a changed prompt shows what changed") {
  const auto wishes = type("a");
  REQUIRE(wishes.size() == 1);
  auto changed = outcome(decision_outcome::kind::changed, "");
  changed.prompt = open_prompt("a");
  changed.prompt->revision = 2;
  changed.prompt->addresses.push_back("10.0.0.1");
  changed.prompt->flags = {"private_address"};
  view.decided(std::get<decide_wish>(wishes[0]), changed);
  columns = 160;
  CHECK(shows("a.example has changed, nothing was decided: address 10.0.0.1 is "
              "new; flag private address is new"));
}

TEST_CASE_FIXTURE(three_prompts, "who decided first is information") {
  const auto wishes = type("a");
  view.decided(std::get<decide_wish>(wishes.at(0)),
               outcome(decision_outcome::kind::already,
                       "decided already: deny by uid 7 (kim) 2 s ago"));
  const auto grid = draw();
  CHECK(grid.text(23).find("decided already: deny by uid 7 (kim) 2 s ago")
        != std::string::npos);
  CHECK(grid.at(23, 1).meaning == tone::normal);
}

TEST_CASE_FIXTURE(three_prompts, "a failure is said, and the prompt waits") {
  const auto wishes = type("a");
  view.decided(std::get<decide_wish>(wishes.at(0)),
               outcome(decision_outcome::kind::failed, "failed: no shield"));
  CHECK(shows("a.example: failed: no shield"));
  CHECK(decisions(type("a")) == "+a");
}

TEST_CASE_FIXTURE(three_prompts, "the prompts of a hub that is away stay") {
  list.disconnected("/run/h.sock", "gone");
  look();
  CHECK(shows("hub away"));
  CHECK(shows("1 hub AWAY"));
  CHECK(type("a").empty());
  CHECK(shows("cannot be decided now"));
}

TEST_CASE_FIXTURE(three_prompts, "a reason goes with the next decision") {
  type("r");
  CHECK(type("for wheelsx").empty());
  press(key::kind::backspace);
  press({key::kind::paste, "\n\x1b[2J"});
  CHECK(press(key::kind::enter).empty());
  const auto wishes = slowly("a");
  REQUIRE(wishes.size() == 1);
  CHECK(std::get<decide_wish>(wishes[0]).reason == "for wheels  [2J");
  CHECK(std::get<decide_wish>(slowly("jx").at(0)).reason.empty());
  // Esc forgets it.
  type("rno");
  press(key::kind::enter);
  press(key::kind::escape);
  CHECK(std::get<decide_wish>(slowly("jx").at(0)).reason.empty());
}

TEST_CASE_FIXTURE(three_prompts, "Enter never decides") {
  CHECK(press(key::kind::enter).empty());
  CHECK(shows("What an allow opens"));
  // The hub's facts come first; what a container chose comes last, quoted.
  CHECK(shows(" What the container's dossier says\n   task = \"build\"\n"));
  CHECK(press(key::kind::enter).empty());
  CHECK(shows("CONTAINER"));
}

TEST_CASE_FIXTURE(three_prompts, "the page about a prompt decides it") {
  press(key::kind::enter);
  CHECK(type("x").empty()); // the page was not on the screen for long enough
  CHECK(decisions(slowly("x")) == "-a");
  CHECK(slowly("x").empty());
  // What has vanished is not decided, and the page says so.
  remove("a");
  look();
  CHECK(shows("This prompt is gone"));
  CHECK(type("x").empty());
}

TEST_CASE_FIXTURE(three_prompts, "marked prompts are decided together") {
  type("  "); // a and b
  CHECK(shows("2 marked"));
  const auto got = decisions(slowly("x"));
  CHECK(got == "-a -b");
  CHECK_FALSE(shows("marked"));
}

TEST_CASE_FIXTURE(three_prompts,
                  "flagged ones are left out of a marked set and named") {
  auto b = open_prompt("b");
  b.flags = {"metadata_service"};
  b.revision = 2;
  change(b);
  look();
  type("*");
  const auto wishes = slowly("a");
  CHECK(decisions(wishes) == "+a +d");
  CHECK(shows("Left out, because they are flagged: b.example"));
  // The answers came at once, and the person did not learn what was left out.
  for (const auto& x : wishes)
    view.decided(std::get<decide_wish>(x),
                 outcome(decision_outcome::kind::done, "allowed"));
  columns = 160;
  CHECK(shows("d.example: allowed. Left out, because they are flagged: "
              "b.example. Decide each by itself."));
  // A deny opens nothing.
  CHECK(decisions(slowly("x")) == "-b");
}

TEST_CASE_FIXTURE(screen_fixture, "more than five need their number, typed") {
  for (int i = 0; i < 6; ++i)
    change(open_prompt("p" + std::to_string(i)));
  look();
  type("*");
  SUBCASE("the right number") {
    CHECK(type("x").empty());
    CHECK(bottom().find("type 6 to deny 6 prompts") != std::string::npos);
    CHECK(type("6").empty());
    CHECK(decisions(press(key::kind::enter)) == "-p0 -p1 -p2 -p3 -p4 -p5");
  }
  SUBCASE("another number") {
    type("x5");
    CHECK(press(key::kind::enter).empty());
    CHECK(shows("Nothing was decided"));
  }
  SUBCASE("a pasted number") {
    type("x");
    press({key::kind::paste, "6"});
    CHECK(press(key::kind::enter).empty());
  }
  SUBCASE("Esc") {
    type("x6");
    press(key::kind::escape);
    CHECK(press(key::kind::enter).empty());
  }
  SUBCASE("what changed while the number was typed is left out") {
    type("x6");
    auto changed = open_prompt("p3");
    changed.revision = 2;
    change(changed);
    remove("p4");
    CHECK(decisions(press(key::kind::enter)) == "-p0 -p1 -p2 -p5");
    CHECK(shows("Left out, because they changed: p3.example"));
  }
  SUBCASE("five do not") {
    type("j ");
    CHECK(decisions(slowly("x")) == "-p1 -p2 -p3 -p4 -p5");
  }
}

TEST_CASE_FIXTURE(screen_fixture, "a marked prompt that nobody saw waits") {
  for (int i = 0; i < 4; ++i)
    change(open_prompt("p" + std::to_string(i)));
  draw();
  type("*");
  CHECK(type("x").empty());
  CHECK(shows("Not yet"));
  now += 500ms;
  CHECK(decisions(type("x")) == "-p0 -p1 -p2 -p3");
}

TEST_CASE_FIXTURE(three_prompts, "a prompt that changed loses its mark") {
  type("  ");
  auto a = open_prompt("a");
  a.revision = 2;
  change(a);
  look();
  CHECK(decisions(type("x")) == "-b");
}

// The name is 250 characters long, and the organisation that gets the data
// stands at its end.
TEST_CASE_FIXTURE(screen_fixture, "what is cut is not allowed") {
  auto a = open_prompt("a");
  std::string name;
  for (int i = 0; i < 30; ++i)
    name += "pypi" + std::to_string(100 + i) + ".";
  a.target = a.domain = name + "evil.test";
  change(a);
  look();
  type("j");
  for (const auto& [r, c] : {std::pair{24, 80}, {10, 40}, {5, 20}}) {
    rows = static_cast<std::size_t>(r);
    columns = static_cast<std::size_t>(c);
    CAPTURE(columns);
    CHECK(shows("evil.test"));
    CHECK(slowly("a").empty());
    CHECK(bottom().find("Enter shows") != std::string::npos);
  }
  SUBCASE("a deny is possible") {
    CHECK(decisions(slowly("x")) == "-a");
  }
  SUBCASE("Enter shows all") {
    rows = 24;
    columns = 80;
    press(key::kind::enter);
    CHECK(decisions(slowly("a")) == "+a");
  }
  SUBCASE("on a small screen after scrolling through it") {
    press(key::kind::enter);
    CHECK(slowly("a").empty());
    press(key::kind::end);
    CHECK(slowly("a").empty()); // a jump has shown the end alone
    press(key::kind::home);
    for (int i = 0; i < 20; ++i)
      type(" ");
    CHECK(decisions(slowly("a")) == "+a");
  }
  SUBCASE("nor is it with others") {
    rows = 24;
    columns = 80;
    change(open_prompt("b"));
    look();
    type("*");
    CHECK(decisions(slowly("a")) == "+b");
    CHECK(shows("they were not whole on the screen: "));
    CHECK(decisions(slowly("x")) == "-a");
  }
}

TEST_CASE_FIXTURE(screen_fixture, "flags and container must be whole, too") {
  auto a = open_prompt("a");
  SUBCASE("flags") {
    for (int i = 0; i < 12; ++i)
      a.flags.push_back("a_new_flag_" + std::to_string(i));
  }
  SUBCASE("container") {
    a.dossier = {{"container_name", std::string(200, 'n')}};
  }
  change(a);
  look();
  type("j");
  CHECK(slowly("a").empty());
  press(key::kind::enter);
  CHECK(decisions(slowly("a")) == "+a");
}

// Alt and `a` on a slow line: Esc, and the letter much later.
TEST_CASE_FIXTURE(three_prompts, "after Esc a letter decides nothing at once") {
  press(key::kind::escape);
  now += 499ms;
  CHECK(type("a").empty());
}

TEST_CASE_FIXTURE(three_prompts, "A allows for a time where the shield can") {
  SUBCASE("it cannot") {
    CHECK(type("A").empty());
    CHECK(shows("[[rule]]"));
    return;
  }
  protocol::watch_reply reply;
  reply.hub.emplace().scopes = {"for"};
  list.apply("/run/h.sock", reply);
  look();
  SUBCASE("it can") {
    CHECK(type("A").empty());
    CHECK(bottom().find("1 5 min  2 1 h  3 8 h  4 1 day") != std::string::npos);
    CHECK(type("ax9").empty()); // nothing but these keys
    const auto wishes = type("2");
    REQUIRE(wishes.size() == 1);
    const auto& x = std::get<decide_wish>(wishes[0]);
    CHECK(x.prompt.id == "a");
    CHECK(x.action == protocol::action::allow);
    CHECK(x.seconds == 3600);
    view.decided(x, outcome(decision_outcome::kind::done, "allowed"));
    CHECK(shows("a.example: allowed for 1 h"));
  }
  SUBCASE("a rule instead") {
    CHECK(type("Ar").empty());
    CHECK(shows("[[rule]]"));
  }
  SUBCASE("Esc") {
    type("A");
    press(key::kind::escape);
    CHECK(type("2").empty());
    CHECK(shows("does nothing"));
  }
  SUBCASE("what moved is not decided") {
    type("A");
    type("j");
    remove("a");
    look();
    CHECK(type("1").empty());
  }
}

TEST_CASE_FIXTURE(three_prompts, "one's own answer is said as such") {
  press(key::kind::enter);
  const auto wishes = slowly("x");
  REQUIRE(wishes.size() == 1);
  auto a = open_prompt("a");
  a.state = protocol::prompt_state::decided;
  a.decision.emplace();
  change(a);
  view.decided(std::get<decide_wish>(wishes[0]),
               outcome(decision_outcome::kind::done, "denied"));
  CHECK(shows("You answered this prompt"));
  CHECK_FALSE(shows("Somebody decided it"));
}

// `*` marks what lies below the end of the screen, too.
TEST_CASE_FIXTURE(screen_fixture, "many are allowed when all were seen") {
  for (int i = 0; i < 40; ++i)
    change(open_prompt("p" + std::to_string(i)));
  auto quiet = open_prompt("q");
  quiet.quiet = true;
  change(quiet);
  look();
  type("*");
  CHECK(shows("40 marked"));
  CHECK(slowly("a").empty());
  CHECK(bottom().find(" prompts, without ") != std::string::npos);
  press(key::kind::escape);
  for (int i = 0; i < 4; ++i)
    press(key::kind::page_down);
  CHECK(slowly("a").empty());
  CHECK(shows("were not on the screen for long enough"));
  for (int i = 0; i < 4; ++i) {
    press(key::kind::page_up);
    look();
  }
  CHECK(slowly("a").empty());
  CHECK(bottom().find("type 40 to allow 40 prompts") != std::string::npos);
  type("40");
  CHECK(press(key::kind::enter).size() == 40);
}

TEST_CASE_FIXTURE(three_prompts, "a screen that was hidden begins anew") {
  view.hidden();
  draw();
  CHECK(type("a").empty());
  now += 500ms;
  CHECK(decisions(type("a")) == "+a");
}

} // namespace screen_tests
