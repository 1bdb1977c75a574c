#include "services/cli/config_file.hpp"

#include "services/clearance/command_line.hpp"
#include "services/cli/limits.hpp"
#include "services/gate/gate.hpp"
#include "services/supervisor/supervisor.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

namespace config_file_tests {

using namespace clearance::services;
namespace test = clearance::test;

namespace {

using words = std::vector<std::string>;

const auto the_hub = command_judge("/run");
const auto gate = gate_judge();
const auto supervisor = supervisor_judge();

/// A file with this text, as `--config` wants it.
struct file {
  explicit file(std::string_view text) { test::write_file(path(), text); }
  std::string path() const { return (dir / "c.toml").string(); }
  test::temp_dir dir;
};

std::variant<words, config_fault> with(const config_judge& judge, const file& x,
                                       words more = {},
                                       const std::string& subcommand = {}) {
  words all;
  if (!subcommand.empty())
    all.push_back(subcommand);
  all.insert(all.end(), {"--config", x.path()});
  all.insert(all.end(), more.begin(), more.end());
  return with_config(all, judge);
}

words made(const std::variant<words, config_fault>& x) {
  if (auto* fault = std::get_if<config_fault>(&x))
    FAIL(fault->what);
  return std::get<words>(x);
}

/// What is wrong, without the file's name.
std::string fault(const config_judge& judge, std::string_view text,
                  const std::string& subcommand = {}, words more = {}) {
  const file x{text};
  const auto result = with(judge, x, std::move(more), subcommand);
  auto* why = std::get_if<config_fault>(&result);
  if (why == nullptr)
    return "";
  REQUIRE(why->what.starts_with(x.path() + ":"));
  return why->what.substr(x.path().size() + 1);
}

} // namespace

TEST_CASE("without a file nothing changes") {
  const words x{"serve", "--log-level", "debug"};
  CHECK(made(with_config(x, the_hub)) == x);
  const words behind{"emit", "--", "--config", "x"};
  CHECK(made(with_config(behind, the_hub)) == behind);
}

TEST_CASE("what can be said on the command line can stand in a file") {
  const file x{"[serve]\n"
               "clearance-socket = '/run/c'\n"
               "inline-verdict = true\n"
               "shield = '/bin/true'\n"
               "log-level = \"debug\"\n"
               "[watch]\n"
               "count = 3\n"
               "clearance-socket = ['/a', '/b']\n"};
  auto config = std::get<serve_config>(
      parse_command_line(made(with(the_hub, x, {}, "serve")), "/run"));
  CHECK(config.clearance_socket == "/run/c");
  CHECK(config.inline_verdict);
  CHECK(config.shield == "/bin/true");
  CHECK(config.level == log_level::debug);
  auto watch = std::get<watch_config>(
      parse_command_line(made(with(the_hub, x, {}, "watch")), "/run"));
  CHECK(watch.count == 3);
  CHECK(watch.clearance_sockets == words{"/a", "/b"});
  const file y{"mirror-root = '/m'\nscope = 'r'\nlisten = '127.0.0.1:1'\n"
               "allow-remote = false\n"};
  auto options =
      std::get<gate_options>(parse_gate_command_line(made(with(gate, y))));
  CHECK(options.mirror_root == "/m");
  CHECK(std::get<gate_port>(options.listen).port == 1);
  CHECK_FALSE(options.allow_remote);
  const file z{"[run]\nsidecar-dir = '/d'\n"};
  CHECK(std::get<supervise_options>(
            parse_supervisor_command_line(made(with(supervisor, z, {}, "run"))))
            .sidecar_dir
        == "/d");
}

TEST_CASE("a flag of a file is true or false, and nothing else is") {
  const file off{"[serve]\ninline-verdict = false\n"};
  CHECK(made(with(the_hub, off, {}, "serve")) == words{"serve"});
  const file on{"[serve]\ninline-verdict = true\n"};
  CHECK(made(with(the_hub, on, {}, "serve"))
        == words{"serve", "--inline-verdict"});
  for (const char* value : {"'yes'", "'no'", "'false'", "0", "1", "[true]"})
    CHECK(fault(the_hub, "[serve]\ninline-verdict = " + std::string{value},
                "serve")
          == "2: inline-verdict: takes true or false, without quotes");
  for (const char* value : {"true", "false"})
    CHECK(fault(the_hub, "[serve]\nshield = " + std::string{value}, "serve")
          == "2: shield: takes a value: a text in quotes or a whole number, "
             "not true or false");
}

TEST_CASE("what is said on the command line wins") {
  const file x{"[serve]\nlog-level = 'debug'\n"};
  for (const auto& more :
       {words{"--log-level", "error"}, words{"--log-level=error"}})
    CHECK(std::get<serve_config>(
              parse_command_line(made(with(the_hub, x, more, "serve")), "/run"))
              .level
          == log_level::error);
}

TEST_CASE("the first fault is named with its line and key") {
  CHECK(fault(the_hub, "[serve]\n\nlog-level = 'loud'\nshield = ''\n", "serve")
        == "3: log-level: `loud` is none of debug, error, info, warning");
  CHECK(fault(gate, "scope = 'r'\nmirror-root = ''\n")
        == "2: mirror-root: must not be empty");
  CHECK(fault(gate, "scope = 'a/b'\nmirror-root = '/m'\nsocket = '/s'\n")
            .starts_with("1: scope: `a/b` is no repository's name"));
  CHECK(fault(supervisor, "[run]\nsidecar-dir = 7.5\n", "run")
        == "2: sidecar-dir: takes a text in quotes or a whole number");
  const std::string none = "there is no such setting; --help names all";
  CHECK(fault(supervisor, "[run]\nbogus = 1\n", "run") == "2: bogus: " + none);
  for (const char* key : {"help", "version", "config"})
    CHECK(fault(gate, key + std::string{" = true\n"})
          == "1: " + std::string{key} + ": " + none);
  // An option's name must be meant, not one that begins like it.
  CHECK(fault(gate, "mirror = '/m'\n") == "1: mirror: " + none);
  // A setting of one subcommand is none of another.
  CHECK(fault(the_hub, "[serve]\nsocket = '/s'\n", "serve")
        == "2: socket: " + none);
}

TEST_CASE("of several faults the first one of the file is told") {
  // A fault of form on line 4, of a value on line 3, of two options on line 2.
  const std::string form = "inline-verdict = 'yes'\n";
  const std::string value = "log-level = 'loud'\n";
  const std::string together = "shield = '/s'\n";
  CHECK(fault(the_hub, "[serve]\n\n" + value + form, "serve")
            .starts_with("3: log-level: "));
  CHECK(fault(the_hub, "[serve]\n\n" + form + value, "serve")
            .starts_with("3: inline-verdict: "));
  // Whether two options go together is known when each of them is good.
  CHECK(fault(the_hub, "[serve]\n" + together + value, "serve")
            .starts_with("3: log-level: "));
  CHECK(fault(the_hub, "[serve]\n" + together + form, "serve")
            .starts_with("3: inline-verdict: "));
  // Sections are told by their lines, not by their names.
  CHECK(fault(the_hub, "[watch]\ncount = 0\n[emit]\nbogus = 1\n", "serve")
            .starts_with("2: count: "));
  CHECK(fault(the_hub, "[watch]\nx = 1\n[emit]\ntype = 'y'\n[q]\n", "serve")
            .starts_with("2: x: "));
  // A dotted key and a table in braces stand where they stand.
  CHECK(fault(the_hub, "serve = {\"log-level\" = 'loud'}\n", "serve")
            .starts_with("1: log-level: "));
  CHECK(fault(the_hub, "\nserve.log-level = 'loud'\n", "serve")
            .starts_with("2: log-level: "));
}

TEST_CASE("a value has the form that its option takes") {
  CHECK(fault(gate, "scope = ['a', 'b']\n")
        == "1: scope: takes one value, not a list");
  CHECK(fault(gate, "scope = {a = 1}\n")
        == "1: scope: takes a text in quotes or a whole number");
  CHECK(fault(the_hub, "[watch]\nclearance-socket = ['/a', ['/b']]\n", "watch")
        == "2: clearance-socket: takes a list of texts, not a list of lists");
  CHECK(fault(gate, "scope = \"a\\u0000b\"\n")
        == "1: scope: has a NUL character in it, which no option can have");
  CHECK(fault(the_hub, "[watch]\nclearance-socket = []\n", "watch") == "");
}

TEST_CASE("what one setting means for another is a fault of a line, too") {
  CHECK(fault(the_hub, "[serve]\nshield = '/s'\n", "serve")
            .starts_with("2: shield: --shield requires --inline-verdict"));
  CHECK(fault(gate, "mirror-root='/m'\nscope='r'\nsocket='/s'\nlisten='l:1'\n")
            .starts_with("3: socket: "));
  CHECK(fault(gate, "mirror-root='/m'\nscope='r'\nlisten='l:1'\nsocket='/s'\n")
            .starts_with("3: listen: "));
  CHECK(fault(the_hub,
              "[serve]\nreader-socket='/r'\nverdict-socket = '/v'\n"
              "clearance-socket = '/v'\n",
              "serve")
        == "3: verdict-socket: two sockets cannot have the same path");
  // The other one may come from the command line.
  CHECK(
      fault(the_hub, "[serve]\nshield = '/s'\n", "serve", {"--inline-verdict"})
      == "");
}

TEST_CASE("the whole file is checked, whatever is run") {
  CHECK(
      fault(the_hub, "[watch]\ncount = 0\n[serve]\nlog-level = 'x'\n", "serve")
      == "2: count: `0` is no number from 1 to 4611686018427387904; without"
         " --count events are shown until a signal comes");
  CHECK(
      fault(the_hub, "[serve]\n[served]\n", "serve")
      == "2: [served]: there is no such subcommand; the sections are [serve], "
         "[serve-verdict], [watch], [verdict], [emit], [list], [decide], "
         "[history], [explain], [policy], [audit], [tui], [web], "
         "[notify], [relay]");
  CHECK(fault(the_hub, "log-level = 'debug'\n", "serve")
        == "1: log-level: belongs into the section of a subcommand, one of "
           "[serve], [serve-verdict], [watch], [verdict], [emit], [list], "
           "[decide], [history], [explain], [policy], [audit], [tui], [web], "
           "[notify], [relay]");
  // What the command line replaces is judged all the same.
  CHECK(fault(the_hub, "[serve]\nlog-level = 'x'\n", "serve",
              {"--log-level", "debug"})
            .starts_with("2: log-level: "));
}

TEST_CASE("a file that is no TOML, or not there, is one line") {
  CHECK(fault(gate, "scope = 'r'\nsocket = \n").starts_with("2: "));
  CHECK(fault(gate, "scope = 'r'\nscope = 's'\n").starts_with("2: "));
  // An assertion of the library ended the program.
  CHECK(fault(gate, "scope = 'r'\n[%x]\n").starts_with("2: "));
  const auto gone = with_config({"--config", "/nonexistent"}, gate);
  CHECK(std::get<config_fault>(gone).what
        == "cannot read the configuration file /nonexistent: No such file or "
           "directory");
  const auto empty = with_config({"--config"}, gate);
  CHECK(std::get<config_fault>(empty).what == "--config takes one value");
  const auto two = with_config({"--config", "a", "--config=b"}, gate);
  CHECK(std::get<config_fault>(two).what == "--config: given twice");
}

TEST_CASE("only a regular file of a bounded size is read") {
  const test::temp_dir dir;
  const auto why = [](const std::string& path) {
    const auto result = with_config({"--config", path}, gate);
    const auto* fault = std::get_if<config_fault>(&result);
    if (fault == nullptr)
      return std::string{};
    const auto start = "cannot read the configuration file " + path + ": ";
    REQUIRE(fault->what.starts_with(start));
    return fault->what.substr(start.size());
  };
  CHECK(why(dir.path().string()) == "is not a regular file");
  CHECK(why("/dev/zero") == "is not a regular file");
  const auto path = (dir / "c.toml").string();
  std::string text(cli_limits::config_file_max_bytes, '#');
  test::write_file(path, text);
  CHECK(why(path) == "");
  text += '#';
  test::write_file(path, text);
  CHECK(why(path) == "it is larger than 65536 bytes");
}

TEST_CASE("what is missing may come from either side") {
  const file x{"[run]\nlog-level = 'debug'\n"};
  const auto all = made(with(supervisor, x, {"--sidecar-dir", "/d"}, "run"));
  CHECK(fault_of(parse_supervisor_command_line(all)).why == "");
  const auto half = made(with(supervisor, x, {}, "run"));
  CHECK(fault_of(parse_supervisor_command_line(half)).why
        == "--sidecar-dir is required");
}

} // namespace config_file_tests
