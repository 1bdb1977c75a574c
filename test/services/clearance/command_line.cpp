#include "services/clearance/command_line.hpp"

#include "services/clearance/help.hpp"
#include "services/cli/usage.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace command_line_tests {

using namespace clearance::services;
using clearance::protocol::action;

namespace {

using words = std::vector<std::string>;

command parse(const words& x) {
  return parse_command_line(x, "/run/user/7");
}

template <class Config>
Config parsed(const words& x) {
  auto result = parse(x);
  if (auto* no = std::get_if<outcome>(&result))
    FAIL(no->err);
  return std::get<Config>(result);
}

/// The one line about what is wrong.
std::string fault(const words& x) {
  auto result = parse(x);
  auto* no = std::get_if<outcome>(&result);
  REQUIRE(no != nullptr);
  CHECK(no->code == 2);
  CHECK(no->out.empty());
  auto end = no->err.find('\n');
  CHECK(no->err.substr(end + 1).starts_with("Try 'terok-clearance "));
  CHECK(no->err.ends_with("--help'.\n"));
  const std::string name = "terok-clearance: ";
  REQUIRE(no->err.starts_with(name));
  return no->err.substr(name.size(), end - name.size());
}

words operator+(words left, const words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

const words block{"emit",   "--blocked", "--container", "c",
                  "--dest", "1.2.3.4",   "--port",      "443"};
const words answer{"verdict", "c:1",         "example.com",
                   "allow",   "--container", "c"};

} // namespace

TEST_CASE("help and version are printed, and are no faults") {
  auto out = [](const words& x) {
    auto result = std::get<outcome>(parse(x));
    CHECK(result.code == 0);
    CHECK(result.err.empty());
    return result.out;
  };
  CHECK(out({"--version"}) == "terok-clearance " CLEARANCE_VERSION "\n");
  CHECK(out({"--help"}) == help_of(""));
  for (const char* name :
       {"serve", "serve-verdict", "watch", "verdict", "emit", "list", "decide",
        "history", "explain", "policy", "audit", "tui", "web"}) {
    CHECK(out({name, "--help"}) == help_of(name));
    CHECK(out({name, "-h"}) == help_of(name));
  }
}

TEST_CASE("serve: defaults lie in the runtime directory") {
  auto x = parsed<serve_config>({"serve"});
  CHECK(x.clearance_socket == "/run/user/7/terok-clearance.sock");
  CHECK(x.reader_socket == "/run/user/7/terok-shield-events.sock");
  CHECK(x.verdict_socket == "/run/user/7/terok-clearance-verdict.sock");
  CHECK_FALSE(x.inline_verdict);
  CHECK(x.shield.empty());
  CHECK(x.only_container.empty());
  CHECK(x.named_socket.empty());
  CHECK(x.level == log_level::info);
}

TEST_CASE("serve: every option is taken") {
  auto x =
      parsed<serve_config>({"serve", "--clearance-socket", "a",
                            "--reader-socket=b", "--verdict-socket", "c",
                            "--only-container", "d", "--log-level", "debug"});
  CHECK(x.clearance_socket == "a");
  CHECK(x.reader_socket == "b");
  CHECK(x.verdict_socket == "c");
  CHECK(x.only_container == "d");
  CHECK(x.named_socket == "--clearance-socket");
  CHECK(x.level == log_level::debug);
  auto y = parsed<serve_config>({"serve", "--inline-verdict", "--shield", "s"});
  CHECK(y.inline_verdict);
  CHECK(y.shield == "s");
}

TEST_CASE("serve: --sandbox is auto, required or off") {
  CHECK(parsed<serve_config>({"serve"}).sandbox == sandbox_mode::automatic);
  for (const auto& [word, mode] : sandbox_modes)
    CHECK(parsed<serve_config>({"serve", "--sandbox", word}).sandbox == mode);
  CHECK(sandbox_modes.size() == 3);
  CHECK(fault({"serve", "--sandbox", "on"})
        == "--sandbox: `on` is none of auto, off, required");
  CHECK(fault({"serve", "--inline-verdict", "--sandbox", "off"})
        == "--inline-verdict excludes --sandbox");
}

TEST_CASE("serve: options that contradict each other are refused") {
  CHECK(fault({"serve", "--inline-verdict", "--verdict-socket", "x"})
        == "--verdict-socket excludes --inline-verdict");
  CHECK(fault({"serve", "--shield", "x"})
        == "--shield requires --inline-verdict");
  const std::string same = "two sockets cannot have the same path";
  CHECK(fault({"serve", "--clearance-socket", "a", "--reader-socket", "a"})
        == same);
  CHECK(fault({"serve", "--clearance-socket", "a", "--verdict-socket", "a"})
        == same);
  CHECK(fault({"serve", "--reader-socket", "a", "--verdict-socket", "a"})
        == same);
  CHECK(fault({"serve", "--log-level", "loud"})
        == "--log-level: `loud` is none of debug, error, info, warning");
  CHECK(fault({"serve", "x"}) == "The following argument was not expected: x");
}

TEST_CASE("serve: an inline hub may use the helper's default path") {
  // It does not connect to it.
  auto x = parsed<serve_config>({"serve", "--inline-verdict", "--reader-socket",
                                 "/run/user/7/terok-clearance-verdict.sock"});
  CHECK(x.inline_verdict);
  CHECK(x.named_socket == "--reader-socket");
}

TEST_CASE("serve-verdict: defaults and options") {
  auto x = parsed<serve_verdict_config>({"serve-verdict"});
  CHECK(x.socket == "/run/user/7/terok-clearance-verdict.sock");
  CHECK(x.shield.empty());
  CHECK(x.level == log_level::info);
  auto y =
      parsed<serve_verdict_config>({"serve-verdict", "--socket", "a",
                                    "--shield", "b", "--log-level", "error"});
  CHECK(y.socket == "a");
  CHECK(x.named_socket.empty());
  CHECK(y.named_socket == "--socket");
  CHECK(y.shield == "b");
  CHECK(y.level == log_level::error);
}

TEST_CASE("watch: one hub by default, several or all on demand") {
  using paths = std::vector<std::string>;
  auto x = parsed<watch_config>({"watch"});
  CHECK(x.clearance_sockets == paths{"/run/user/7/terok-clearance.sock"});
  CHECK(x.default_socket == "/run/user/7/terok-clearance.sock");
  CHECK(x.runtime_directory == "/run/user/7");
  CHECK_FALSE(x.all);
  CHECK_FALSE(x.json);
  CHECK(x.color == color_when::automatic);
  CHECK(x.count == 0);
  auto y = parsed<watch_config>({"watch", "--clearance-socket", "b",
                                 "--clearance-socket", "a",
                                 "--clearance-socket", "b", "--json"});
  CHECK(y.clearance_sockets == paths{"a", "b"});
  CHECK(y.json);
  auto z = parsed<watch_config>(
      {"watch", "--all", "--color", "always", "--count", "3"});
  CHECK(z.clearance_sockets.empty());
  CHECK(z.hosts.empty());
  CHECK(z.all);
  CHECK(z.color == color_when::always);
  CHECK(z.count == 3);
}

TEST_CASE("watch: a repeated option does not swallow a word") {
  CHECK(fault({"watch", "--clearance-socket", "a", "b"})
        == "The following argument was not expected: b");
}

TEST_CASE("watch: wrong values are refused") {
  CHECK(fault({"watch", "--count", "0"})
        == "--count: `0` is no number from 1 to 4611686018427387904; without"
           " --count events are shown until a signal comes");
  const std::string no_number = "is no number from 1 to 4611686018427387904";
  CHECK(fault({"watch", "--count", "x"}) == "--count: `x` " + no_number);
  CHECK(fault({"watch", "--count", "1x"}) == "--count: `1x` " + no_number);
  CHECK(fault({"watch", "--count=-1"}) == "--count: `-1` " + no_number);
  CHECK(fault({"watch", "--count", "99999999999999999999"})
        == "--count: `99999999999999999999` " + no_number);
  CHECK(fault({"watch", "--color", "red"})
        == "--color: `red` is none of always, auto, never");
  CHECK(fault({"watch", "--json", "--color", "always"}).find("excludes")
        != std::string::npos);
}

TEST_CASE("verdict: operands and options") {
  auto x = parsed<verdict_config>(answer);
  CHECK(x.clearance_socket == "/run/user/7/terok-clearance.sock");
  CHECK(x.request_id == "c:1");
  CHECK(x.dest == "example.com");
  CHECK(x.action == action::allow);
  CHECK(x.container == "c");
  auto y =
      parsed<verdict_config>({"verdict", "--container", "c",
                              "--clearance-socket", "s", "i", "d", "deny"});
  CHECK(y.clearance_socket == "s");
  CHECK(y.action == action::deny);
}

TEST_CASE("verdict: words of a container stay operands") {
  auto x = parsed<verdict_config>(
      {"verdict", "--container=-c", "--", "--help", "-d", "allow"});
  CHECK(x.container == "-c");
  CHECK(x.request_id == "--help");
  CHECK(x.dest == "-d");
  // Names of subcommands are words like others here.
  auto y = parsed<verdict_config>(
      {"verdict", "watch", "serve", "deny", "--container", "emit"});
  CHECK(y.request_id == "watch");
  CHECK(y.dest == "serve");
  CHECK(y.container == "emit");
}

TEST_CASE("verdict: missing and wrong words are refused") {
  CHECK(fault({"verdict", "i", "d", "allow"}) == "--container is required");
  CHECK(fault({"verdict", "--container", "c"}) == "REQUEST_ID is required");
  CHECK(fault({"verdict", "i", "--container", "c"}) == "DEST is required");
  CHECK(fault({"verdict", "i", "d", "--container", "c"})
        == "ACTION is required");
  CHECK(fault({"verdict", "i", "d", "maybe", "--container", "c"})
        == "ACTION: `maybe` is none of allow, deny");
  CHECK(fault(answer + words{"x"})
        == "The following argument was not expected: x");
  CHECK(fault(answer + words{"--container", "d"})
        == "--container: given twice");
  CHECK(fault({"verdict", "", "d", "allow", "--container", "c"})
        == "REQUEST_ID: must not be empty");
  CHECK(fault({"verdict", "i", "", "allow", "--container", "c"})
        == "DEST: must not be empty");
}

TEST_CASE("emit: without options lines come from stdin") {
  auto x = parsed<emit_config>({"emit"});
  CHECK(x.reader_socket == "/run/user/7/terok-shield-events.sock");
  CHECK_FALSE(x.line.has_value());
  CHECK(parsed<emit_config>({"emit", "--reader-socket", "r"}).reader_socket
        == "r");
}

TEST_CASE("emit: a block of the options") {
  auto line = parsed<emit_config>(block).line.value();
  CHECK(line.type == "connection_blocked");
  CHECK(line.container == "c");
  CHECK(line.dest == "1.2.3.4");
  CHECK(line.port == 443);
  CHECK(line.proto == 6);
  CHECK(line.request_id.empty());
  auto full = parsed<emit_config>(block
                                  + words{"--proto", "udp", "--domain", "a.b",
                                          "--id", "c:1", "--dossier", "k=v=w",
                                          "--dossier", "l="})
                  .line.value();
  CHECK(full.proto == 17);
  CHECK(full.domain == "a.b");
  CHECK(full.request_id == "c:1");
  using dossier = clearance::protocol::dossier;
  CHECK(full.dossier == dossier{{"k", "v=w"}, {"l", ""}});
}

TEST_CASE("emit: protocols by name and by number") {
  auto proto = [](const char* word) {
    return parsed<emit_config>(block + words{"--proto", word}).line->proto;
  };
  CHECK(proto("icmp") == 1);
  CHECK(proto("tcp") == 6);
  CHECK(proto("icmpv6") == 58);
  CHECK(proto("0") == 0);
  CHECK(proto("255") == 255);
  CHECK(fault(block + words{"--proto", "256"})
        == "--proto: `256` is none of icmp, icmpv6, tcp, udp and no number from"
           " 0 to 255");
  CHECK(fault(block + words{"--proto", "TCP"})
        == "--proto: `TCP` is none of icmp, icmpv6, tcp, udp and no number from"
           " 0 to 255");
}

TEST_CASE("emit: the other types") {
  for (const char* type : {"container_started", "container_exited", "shield_up",
                           "shield_down", "shield_disengaged"}) {
    auto x = parsed<emit_config>({"emit", "--type", type, "--container", "c"});
    CHECK(x.line->type == type);
  }
  auto x = parsed<emit_config>({"emit", "--type", "container_exited",
                                "--container", "c", "--reason", "oom"});
  CHECK(x.line->reason == "oom");
}

TEST_CASE("emit: missing and wrong options are refused") {
  CHECK(fault({"emit", "--container", "c"})
        == "--container says nothing without --blocked or --type");
  CHECK(fault({"emit", "--dossier", "a=b"})
        == "--dossier says nothing without --blocked or --type");
  CHECK(fault({"emit", "--blocked"}) == "--container is required");
  CHECK(fault({"emit", "--blocked", "--container", "c"})
        == "--blocked needs --dest");
  CHECK(fault({"emit", "--blocked", "--container", "c", "--dest", "d"})
        == "--blocked needs --port");
  CHECK(fault({"emit", "--type", "shield_up"}) == "--container is required");
  CHECK(fault({"emit", "--type", "x", "--container", "c"})
        == "--type: `x` is none of container_started, container_exited,"
           " shield_up, shield_down, shield_disengaged");
  CHECK(fault({"emit", "--type", "pending", "--container", "c"})
            .ends_with("shield_disengaged; a block is sent by --blocked"));
  CHECK(fault({"emit", "--type", "shield_up", "--container", "c", "--reason",
               "r"})
        == "--reason needs --type container_exited");
  CHECK(
      fault({"emit", "--type", "shield_up", "--container", "c", "--dest", "d"})
      == "--dest requires --blocked");
  CHECK(fault(block + words{"--type", "shield_up"}).find("excludes")
        != std::string::npos);
  CHECK(fault(block + words{"--dossier", "k"})
        == "--dossier: `k` is no KEY=VALUE");
  CHECK(fault({"emit", "--blocked", "--container", "c", "--dest", "d", "--port",
               "65536"})
        == "--port: `65536` is no number from 0 to 65535");
}

TEST_CASE("a socket's path is as long as the kernel allows, and not longer") {
  std::string longest(107, 'x');
  CHECK(parsed<serve_config>({"serve", "--clearance-socket", longest})
            .clearance_socket
        == longest);
  const std::string too_long =
      ": is longer than the 107 bytes that a socket's path may have";
  for (const words& x :
       {words{"serve", "--clearance-socket"}, words{"serve", "--reader-socket"},
        words{"serve", "--verdict-socket"}, words{"serve-verdict", "--socket"},
        words{"watch", "--clearance-socket"}, words{"emit", "--reader-socket"},
        answer + words{"--clearance-socket"}})
    CHECK(fault(x + words{longest + "x"}) == x.back() + too_long);
}

TEST_CASE("an option without its value, or with an empty one, is refused") {
  CHECK(fault({"serve", "--clearance-socket"})
        == "--clearance-socket takes one value");
  CHECK(fault({"serve", "--clearance-socket", ""})
        == "--clearance-socket: must not be empty");
  CHECK(fault({"serve", "--only-container", ""})
        == "--only-container: must not be empty");
}

TEST_CASE("an option of one value is given once, others as often as wanted") {
  CHECK(fault({"emit", "--blocked", "--container", "c", "--dest", "192.0.2.1",
               "--port", "1", "--dest", "192.0.2.2"})
        == "--dest: given twice");
  CHECK(fault({"serve", "--shield=a", "--shield=b", "--inline-verdict"})
        == "--shield: given twice");
  CHECK(parsed<watch_config>({"watch", "--all", "--all"}).all);
}

TEST_CASE("a flag takes no value, not even a true one") {
  for (const char* value : {"no", "0", "false", "true", "1", ""}) {
    CAPTURE(value);
    auto with = [value](const std::string& flag) { return flag + "=" + value; };
    for (const words& x :
         {words{"--version"}, words{"--help"}, words{"serve", "--help"},
          words{"serve", "--inline-verdict"}, words{"watch", "--all"},
          words{"watch", "--json"}, words{"emit", "--blocked"}}) {
      auto y = x;
      y.back() = with(x.back());
      CHECK(fault(y) == x.back() + " takes no value");
    }
  }
  // Behind `--` it is an operand like others.
  CHECK(parsed<verdict_config>(
            {"verdict", "--container", "c", "--", "--help=no", "d", "allow"})
            .request_id
        == "--help=no");
}

TEST_CASE("no subcommand, an unknown one, two of them") {
  CHECK(fault({})
        == "stdin and stdout are no terminal: use terok-clearance --plain, or a"
           " subcommand");
  CHECK(fault({""}) == "there is no subcommand ``");
  CHECK(fault({"--bogus"})
        == "The following argument was not expected: --bogus");
  CHECK(fault({"-x", "serve"})
        == "The following argument was not expected: -x");
  CHECK(fault({"bogus"}) == "there is no subcommand `bogus`");
  CHECK(fault({"serve", "watch"})
        == "The following argument was not expected: watch");
}

TEST_CASE("an option that is nearly known is answered with a proposal") {
  CHECK(fault({"watch", "--colour", "never"}).find("; did you mean --color?")
        != std::string::npos);
  CHECK(fault({"watch", "--colour=never"})
        == "The following argument was not expected: --colour=never; did you"
           " mean --color?");
  CHECK(fault({"emit", "--desst", "x"}).ends_with("; did you mean --dest?"));
  CHECK(fault({"watch", "--nonsense"})
        == "The following argument was not expected: --nonsense");
  CHECK(fault({"--versoin"}).ends_with("; did you mean --version?"));
  CHECK(fault({"watch", "--clearance", "x"})
        == "The following arguments were not expected: --clearance x; did you"
           " mean --clearance-socket?");
}

TEST_CASE("a fault is one line, whatever the words hold") {
  CHECK(fault({"a\nb\x1b[2J"}) == "there is no subcommand `a\\x0ab\\x1b[2J`");
  // U+009B starts a terminal's command as ESC [ does.
  CHECK(fault({"serve", "\xc2\x9b"
                        "2J"})
        == "The following argument was not expected: \\xc2\\x9b2J");
  CHECK(fault({"--\xc2\x9b"})
        == "The following argument was not expected: --\\xc2\\x9b");
  CHECK(fault({"watch", "--color", "\xc2\x9b"})
        == "--color: `\\xc2\\x9b` is none of always, auto, never");
}

TEST_CASE("the options that a help names are taken") {
  for (std::string name :
       {"serve", "serve-verdict", "watch", "verdict", "emit"}) {
    std::string text{help_of(name)};
    for (auto at = text.find("\n  --"); at != std::string::npos;
         at = text.find("\n  --", at + 1)) {
      auto end = text.find_first_of(" \n", at + 3);
      auto option = text.substr(at + 3, end - at - 3);
      if (option == "--config") // taken off before the words come here
        continue;
      CAPTURE(name);
      CAPTURE(option);
      auto result = parse({name, option, "1"});
      auto* no = std::get_if<outcome>(&result);
      bool unknown =
          no != nullptr
          && no->err.find("not expected: " + option) != std::string::npos;
      CHECK_FALSE(unknown);
    }
  }
}

} // namespace command_line_tests
