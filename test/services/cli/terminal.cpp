#include "services/cli/terminal.hpp"

#include "test/support/files/temp_dir.hpp"
#include "test/support/process/child.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace terminal_tests {

using namespace clearance::services;
using clearance::test::child;

namespace {

using command = std::vector<std::string>;

/// How to start each shell that is installed here without its settings.
std::vector<command> shells() {
  std::vector<command> result;
  for (command each :
       {command{"/bin/sh"}, command{"/bin/bash"}, command{"/bin/dash"},
        command{"/usr/bin/zsh", "-f"}, command{"/usr/bin/fish", "--no-config"}})
    if (std::filesystem::exists(each.front()))
      result.push_back(each);
    else
      clearance::test::skipped(each.front() + " is not installed");
  return result;
}

/// What a shell makes of one word.
std::string through_shell(const std::string& word, command shell) {
  shell.insert(shell.end(), {"-c", "printf %s " + word});
  // A home of its own: fish makes directories there.
  const clearance::test::temp_dir home;
  clearance::test::child_options options;
  options.argv = std::move(shell);
  options.environment = {{"HOME", home.path().string()}};
  child run{options};
  run.wait();
  return run.out();
}

} // namespace

TEST_CASE("names and addresses are shown as they are") {
  for (const char* text : {"6f1d2c3b4a59:1", "api.example.com", "[2001:db8::7]",
                           "terok-alpha_42", "/run/user/0/x.sock", "a@b"})
    CHECK(shown(text) == text);
}

TEST_CASE("what could be taken for two words is quoted") {
  CHECK(shown("") == "\"\"");
  CHECK(shown("a b") == "\"a b\"");
  CHECK(shown("x request_id=1") == "\"x request_id=1\"");
  CHECK(shown("a=b") == "\"a=b\"");
  CHECK(shown("say \"hi\"") == "\"say \\\"hi\\\"\"");
}

TEST_CASE("nothing but printable ASCII is shown") {
  CHECK(shown("\x1b[31m") == "\"\\x1b[31m\"");
  CHECK(shown("a\nb") == "\"a\\x0ab\"");
  CHECK(shown("back\\slash") == "\"back\\\\slash\"");
  for (const char* text :
       {"\xc2\x9b\x32J", // C1 control sequence introducer, then 2J
        "\xe2\x80\xae"
        "gpj.exe", // U+202E, right-to-left override
        "\x7f", "\xff\xfe", "\xf0\x9f\xa6\x8a", "\t\r\v\a\b"}) {
    for (char c : shown(text))
      CHECK((c >= 0x20 && c <= 0x7E));
  }
}

TEST_CASE("a plain word needs no quotes in a shell") {
  CHECK(shell_quoted("6f1d2c3b4a59:1") == "6f1d2c3b4a59:1");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("a b") == "'a b'");
  CHECK(shell_quoted("=ls") == "'=ls'");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
  CHECK(shell_quoted("a\\b") == "'a'\\\\'b'");
  CHECK(shell_quoted("\x1b'\\") == "$'\\x1b\\'\\\\'");
}

TEST_CASE("every shell makes the same word of a quoted one") {
  for (const auto& shell : shells()) {
    for (const char* word : {"$(reboot)",   "`id`",
                             "a;b&c|d>e<f", "!! \"x\" 'y'",
                             "~",           "~root",
                             "#no",         "*",
                             "?",           "[a-z]",
                             "\\",          "\\\\",
                             "a\\'b",       "\\n",
                             "{a,b}",       "=ls",
                             "==",          "%1",
                             "%self",       "!",
                             "!!",          "!$",
                             "^a^b",        "-x",
                             "--",          "--help",
                             "a b",         " ",
                             "+1",          "@(a)",
                             "a=~b",        "$'x'",
                             "(id)",        "'",
                             "\"",          "https://example.org/?a=b&c=~d"}) {
      CAPTURE(shell.front());
      CAPTURE(word);
      CHECK(through_shell(shell_quoted(word), shell) == word);
    }
  }
  // A digit behind \xNN is not swallowed.
  for (const char* word : {"\n\t\x1b"
                           "7f'\\",
                           "\xc3\xa9\x80"
                           "1"})
    CHECK(through_shell(shell_quoted(word), {"/bin/bash"}) == word);
}

TEST_CASE("history expansion of an interactive bash leaves a quoted word") {
  clearance::test::child_options options;
  options.argv = {"/bin/bash", "--norc"};
  options.stdin_bytes = "set -o history; set -o histexpand\n"
                        "printf %s "
                        + shell_quoted("a!!b !$ ! !x") + "\n";
  child run{options};
  run.wait();
  CHECK(run.out() == "a!!b !$ ! !x");
}

TEST_CASE("JSON keeps its values when it becomes ASCII") {
  CHECK(ascii_json(R"({"a":"b\n\"","c":1})") == R"({"a":"b\n\"","c":1})");
  CHECK(ascii_json("\"\xc3\xa9\"") == R"("\u00e9")");
  CHECK(ascii_json("\"\xe2\x80\xae\"") == R"("\u202e")");
  CHECK(ascii_json("\"\xf0\x9f\xa6\x8a\"") == R"("\ud83e\udd8a")");
  CHECK(ascii_json("\"\xf4\x8f\xbf\xbf\"") == R"("\udbff\udfff")");
  CHECK(ascii_json("\"\x7f\"") == R"("\u007f")");
  CHECK(ascii_json("{\n\"a\":\t1}") == "{ \"a\": 1}");
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD, one each") {
  CHECK(ascii_json("\x80") == "\\ufffd");
  CHECK(ascii_json("\xc3") == "\\ufffd");
  CHECK(ascii_json("\xc3(") == "\\ufffd(");
  CHECK(ascii_json("\xc0\xaf") == "\\ufffd\\ufffd"); // overlong
  CHECK(ascii_json("\xe0\x80\x80") == "\\ufffd\\ufffd\\ufffd");
  CHECK(ascii_json("\xed\xa0\x80") == "\\ufffd\\ufffd\\ufffd"); // surrogate
  CHECK(ascii_json("\xe2\x82") == "\\ufffd\\ufffd");            // cut off
  CHECK(ascii_json("\xf0\x9f\x98x") == "\\ufffd\\ufffd\\ufffdx");
  CHECK(ascii_json("\xf4\x90\x80\x80") == "\\ufffd\\ufffd\\ufffd\\ufffd");
  CHECK(ascii_json("\xff") == "\\ufffd");
}

TEST_CASE("colour always, never, and not into a file") {
  CHECK(wants_color(color_when::always, -1));
  CHECK_FALSE(wants_color(color_when::never, -1));
  CHECK_FALSE(wants_color(color_when::automatic, -1));
}

} // namespace terminal_tests
