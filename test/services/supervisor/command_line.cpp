#include "services/supervisor/container_setup.hpp"
#include "services/supervisor/help.hpp"
#include "services/supervisor/supervisor.hpp"

#include <doctest/doctest.h>

namespace terok_supervisor_command_line_tests {

using namespace clearance::services;

namespace {

using words = std::vector<std::string>;

template <class Config>
Config parsed(const words& x) {
  auto result = parse_supervisor_command_line(x);
  if (auto* no = std::get_if<outcome>(&result))
    FAIL(no->err);
  return std::get<Config>(result);
}

/// The one line that says what is wrong.
std::string fault(const words& x) {
  auto result = parse_supervisor_command_line(x);
  auto* no = std::get_if<outcome>(&result);
  REQUIRE(no != nullptr);
  CHECK(no->code == 2);
  const std::string name = "terok-supervisor: ";
  REQUIRE(no->err.starts_with(name));
  CHECK(no->err.ends_with("--help'.\n"));
  return no->err.substr(name.size(), no->err.find('\n') - name.size());
}

const words child{"supervise-child", "gate", "0123456789ab", "/s.json"};

words operator+(words left, const words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

} // namespace

TEST_CASE("a child serves one service of one container") {
  const auto x = parsed<supervise_child_options>(child);
  CHECK(x.service == child_service::gate);
  CHECK(x.container_id == "0123456789ab");
  CHECK(x.sidecar == "/s.json");
  CHECK(x.shield.empty());
  CHECK(x.selinux_type == "terok_socket_t");
  CHECK(x.level == log_level::info);
  auto verdict = child;
  verdict[1] = "verdict";
  const auto y = parsed<supervise_child_options>(
      verdict + words{"--shield", "/s", "--log-level", "debug"});
  CHECK(y.service == child_service::verdict);
  CHECK(y.shield == "/s");
  CHECK(y.level == log_level::debug);
}

TEST_CASE("every hub of the supervisor can have a policy") {
  const words options{"--policy", "/a", "--policy", "/b"};
  const std::vector<std::string> both{"/a", "/b"};
  auto hub = child;
  hub[1] = "clearance";
  CHECK(parsed<supervise_child_options>(hub + options).policy.directories
        == both);
  CHECK(parsed<supervise_options>(words{"run", "--sidecar-dir", "/d"} + options)
            .policy.directories
        == both);
  const words whole{"supervisor", "0123456789ab", "/s.json"};
  CHECK(parsed<parent_options>(whole + options).policy.directories == both);
  CHECK(parsed<parent_options>(whole + words{"--no-policy"}).policy.is_off);
  CHECK_FALSE(parsed<parent_options>(whole).policy.is_off);
  for (const char* other : {"--no-policy", "--no-prompts"})
    CHECK(fault(whole + options + words{other}).find("--policy")
          != std::string::npos);
  CHECK(fault(child + options)
        == "--policy is for the clearance service alone");
  policy_setting x;
  x.directories = both;
  CHECK(policy_arguments(x) == words{"--policy=/a", "--policy=/b"});
  CHECK(policy_arguments({{}, true}) == words{"--no-policy"});
}

TEST_CASE("hubs and gates of the supervisor can serve metrics") {
  const words port{"--metrics", "127.0.0.1:9464"};
  const words directory{"--metrics", "/run/m/"};
  for (const char* service : {"clearance", "gate"}) {
    auto x = child;
    x[1] = service;
    CHECK(parsed<supervise_child_options>(x + port).metrics == port[1]);
  }
  auto executor = child;
  executor[1] = "verdict";
  CHECK(fault(executor + port)
        == "--metrics is for the clearance and gate services alone");
  const words whole{"supervisor", "0123456789ab", "/s.json"};
  CHECK(parsed<parent_options>(whole + port).metrics == port[1]);
  const auto isolated = whole + words{"--isolate"};
  CHECK(parsed<parent_options>(isolated + directory).metrics == directory[1]);
  CHECK(fault(isolated + port)
        == "--metrics with --isolate takes a directory, DIR/: hub and gate are "
           "two processes, each with a socket there");
  const std::string id = "0123456789abcdef";
  CHECK(metrics_place("/run/m.sock", id, "gate") == "/run/m.sock");
  CHECK(metrics_place("/run/m/", id) == "/run/m/0123456789ab.sock");
  CHECK(metrics_place("/run/m/", id, "gate")
        == "/run/m/0123456789ab-gate.sock");
  CHECK(metrics_place("/run/m/", "web.1") == "/run/m/web.1.sock");
}

TEST_CASE("the arguments of supervise-child are checked") {
  auto with = [](std::size_t index, const char* word) {
    auto result = child;
    result[index] = word;
    return fault(result);
  };
  CHECK(with(1, "hub") == "SERVICE: `hub` is none of clearance, gate, verdict");
  for (std::string bad : {"../../../../etc", "-", "a b", "a/b"})
    CHECK(with(2, bad.c_str())
          == "CONTAINER_ID: `" + bad
                 + "` is neither 12 to 64 hexadecimal digits nor a container's "
                   "name");
  CHECK(with(3, "") == "SIDECAR: must not be empty");
  CHECK(fault(child + words{"--shield", "/s"})
        == "--shield is for the verdict service alone");
  CHECK(fault(child + words{"--log-level", "loud"})
        == "--log-level: `loud` is none of debug, error, info, warning");
  CHECK(fault({"supervise-child", "gate", "0123456789ab"})
        == "SIDECAR is required");
}

// The reference's launcher gives names, too.
TEST_CASE("a name may stand for a container's id") {
  for (std::string name : {"demo", "0123456789a", "a.b_c-d"}) {
    auto x = child;
    x[2] = name;
    CHECK(parsed<supervise_child_options>(x).container_id == name);
    CHECK(parsed<parent_options>({"supervisor", name, "/s.json"}).container_id
          == name);
  }
}

TEST_CASE("a parent gets a container, its sidecar and perhaps its process") {
  const auto x =
      parsed<parent_options>({"supervisor", "0123456789ab", "/s.json"});
  CHECK(x.container_id == "0123456789ab");
  CHECK(x.sidecar == "/s.json");
  CHECK(x.pid == 0);
  CHECK(x.shield.empty());
  CHECK(x.delegate.empty());
  CHECK_FALSE(x.isolate);
  const auto y = parsed<parent_options>(
      {"supervisor", "0123456789ab", "/s.json", "4711", "--isolate",
       "--delegate", "a b", "--shield", "/s"});
  CHECK(y.pid == 4711);
  CHECK(y.isolate);
  CHECK(y.delegate == "a b");
  CHECK(y.shield == "/s");
  for (std::string bad : {"0", "-1", "x", "1x", "2147483648"})
    CHECK(fault({"supervisor", "0123456789ab", "/s.json", "--", bad})
          == "PID: `" + bad + "` is not a process's number");
  CHECK(fault({"supervisor", "0123456789ab"}) == "SIDECAR is required");
  CHECK(fault({"supervisor", "a/b", "/s.json"}).starts_with("CONTAINER_ID: "));
}

TEST_CASE("run needs a directory") {
  CHECK(parsed<supervise_options>({"run", "--sidecar-dir", "/d"}).sidecar_dir
        == "/d");
  CHECK(fault({"run"}) == "--sidecar-dir is required");
  CHECK(fault({"run", "--sidecar-dir", "/d", "x"}).find("x")
        != std::string::npos);
}

TEST_CASE("a subcommand is required, and is one of three") {
  CHECK(fault({"serve"}) == "there is no subcommand `serve`");
  CHECK(fault({}) == "A subcommand is required");
  CHECK(fault({""}) == "there is no subcommand ``");
  CHECK(fault({"--bogus"})
        == "The following argument was not expected: --bogus");
  CHECK(fault({"\xc2\x9b"}) == "there is no subcommand `\\xc2\\x9b`");
  CHECK(fault({"run", "--help=no"}) == "--help takes no value");
}

TEST_CASE("help and version are printed") {
  auto out = [](const words& x) {
    auto result = std::get<outcome>(parse_supervisor_command_line(x));
    CHECK(result.code == 0);
    return result.out;
  };
  CHECK(out({"--version"}) == "terok-supervisor " CLEARANCE_VERSION "\n");
  for (std::string name : {"", "run", "supervise-child", "supervisor"}) {
    CAPTURE(name);
    const std::string_view text = supervisor_help_of(name);
    CHECK(out(name.empty() ? words{"--help"} : words{name, "-h"}) == text);
    CHECK(text.starts_with("Usage: terok-supervisor "));
    CHECK(supervisor_help_of("").find(name) != std::string_view::npos);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      CHECK(end - at <= 80);
      at = end + 1;
    }
  }
  CHECK(supervisor_help_of("bogus").empty());
}

TEST_CASE("the help texts name exactly the options that are parsed") {
  auto takes = [](const words& before, const std::string& option) {
    const auto said = fault(before + words{option});
    return said.find("takes one value") != std::string::npos;
  };
  for (auto option : {"--shield", "--selinux-type", "--log-level"}) {
    CHECK(takes(child, option));
    CHECK(takes({"run", "--sidecar-dir", "/d"}, option));
    CHECK(takes({"supervisor", "demo", "/s.json"}, option));
    for (auto name : {"run", "supervise-child", "supervisor"})
      CHECK(supervisor_help_of(name).find(std::string{"  "} + option)
            != std::string_view::npos);
  }
  CHECK(takes({"run"}, "--sidecar-dir"));
  CHECK(takes({"supervisor", "demo", "/s.json"}, "--delegate"));
  for (auto option : {"  --delegate CMD  ", "  --isolate  "})
    CHECK(supervisor_help_of("supervisor").find(option)
          != std::string_view::npos);
  CHECK(supervisor_help_of("run").find("  --sidecar-dir DIR")
        != std::string_view::npos);
}

} // namespace terok_supervisor_command_line_tests
