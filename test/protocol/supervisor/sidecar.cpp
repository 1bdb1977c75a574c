#include "protocol/supervisor/sidecar.hpp"

#include "protocol/supervisor/limits.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace sidecar_tests {

using namespace clearance::protocol;
using namespace std::string_literals;

namespace {

/// Fields and their JSON. A field with an empty value is left out.
using fields = std::map<std::string, std::string>;

std::string file(const fields& changes = {}) {
  fields all{{"container_name", R"("demo")"},
             {"runtime_dir", R"("/run/terok/sandbox")"},
             {"project_id", R"("proj")"},
             {"container_id", R"("0123456789abcdef")"},
             {"gate_base_path", R"("/srv/mirrors")"},
             {"gate_token", R"("terok-g-0123456789abcdef0123456789abcdef")"}};
  for (auto& [name, value] : changes)
    all[name] = value;
  std::string result;
  for (auto& [name, value] : all)
    if (!value.empty())
      result += (result.empty() ? "{\"" : ",\"") + name + "\":" + value;
  return result + "}";
}

sidecar parse(const std::string& text) {
  auto result = parse_sidecar(text);
  if (auto* x = std::get_if<sidecar_fault>(&result))
    FAIL(to_string(*x));
  return std::get<sidecar>(std::move(result));
}

std::string why(const std::string& text) {
  auto result = parse_sidecar(text);
  auto* x = std::get_if<sidecar_fault>(&result);
  return x ? to_string(*x) : "";
}

std::string why(const fields& changes) {
  return why(file(changes));
}

/// Why the gate of an otherwise valid sidecar is not to run.
std::string gate_fault(const fields& changes) {
  const auto x = parse(file(changes));
  CHECK(x.gate.has_value() == !x.gate_fault);
  return x.gate_fault ? to_string(*x.gate_fault) : "";
}

} // namespace

TEST_CASE("a sidecar has all that the services need") {
  const auto x = parse(file({{"init_pid", "4711"},
                             {"ipc_mode", R"("tcp")"},
                             {"gate_port", "9418"},
                             {"allow_debugger", "true"},
                             {"other", R"({"deep":[1,null]})"}}));
  CHECK(x.container_name == "demo");
  CHECK(x.ipc_mode == sidecar::ipc::tcp);
  CHECK(x.runtime_dir == "/run/terok/sandbox");
  CHECK(x.container_id == "0123456789abcdef");
  CHECK(x.init_pid == 4711);
  REQUIRE(x.gate);
  CHECK(x.gate->base_path == "/srv/mirrors");
  CHECK(x.gate->project_id == "proj");
  CHECK(x.gate->token.reveal() == "terok-g-0123456789abcdef0123456789abcdef");
  CHECK(x.gate_port == 9418);
  CHECK(x.allow_debugger);
}

TEST_CASE("most of a sidecar may be left out") {
  const auto x = parse(R"({"container_name":"c","runtime_dir":"/r/s"})");
  CHECK(x.ipc_mode == sidecar::ipc::socket);
  CHECK(x.container_id.empty());
  CHECK_FALSE(x.init_pid);
  CHECK_FALSE(x.gate);
  CHECK_FALSE(x.allow_debugger);
}

TEST_CASE("without a base path and a token there is no gate, and no fault") {
  for (auto absent : {"", "null", R"("")"})
    for (auto project : {"", "null", R"("")", R"("My Proj+1")", "7"}) {
      CAPTURE(absent);
      CAPTURE(project);
      const auto x = parse(file({{"gate_base_path", absent},
                                 {"gate_token", absent},
                                 {"project_id", project},
                                 {"ipc_mode", R"("tcp")"},
                                 {"gate_port", R"("none")"}}));
      CHECK_FALSE(x.gate);
      CHECK_FALSE(x.gate_fault);
    }
}

TEST_CASE("a gate needs a base path, a token, a project and its port") {
  for (auto absent : {"", "null", R"("")"}) {
    CAPTURE(absent);
    CHECK(gate_fault({{"gate_base_path", absent}})
          == "gate_base_path: is missing: a gate needs gate_base_path and "
             "gate_token");
    CHECK(gate_fault({{"gate_token", absent}})
          == "gate_token: is missing: a gate needs gate_base_path and "
             "gate_token");
  }
  CHECK(gate_fault({{"project_id", ""}}) == "project_id: is missing");
  CHECK(gate_fault({{"ipc_mode", R"("tcp")"}}) == "gate_port: is missing");
  CHECK(gate_fault({{"ipc_mode", R"("tcp")"}, {"gate_port", "1"}}) == "");
  // a port is of no interest where there is a socket
  CHECK(gate_fault({{"gate_port", R"("none")"}}) == "");
}

TEST_CASE("null counts as absent, and the last of a repeated field counts") {
  for (auto name : {"container_id", "init_pid", "gate_port", "allow_debugger",
                    "ipc_mode", "gate_base_path"})
    CHECK(why({{name, "null"}}) == "");
  CHECK(why({{"container_name", "null"}}) == "container_name: is missing");
  const auto x = parse(R"({"container_name":1,"container_name":"c",)"
                       R"("runtime_dir":"/r/s"})");
  CHECK(x.container_name == "c");
  CHECK(why(R"({"container_name":"c","runtime_dir":"/r","runtime_dir":null})")
        == "runtime_dir: is missing");
}

TEST_CASE("every field has one type") {
  const std::map<std::string, std::string> texts{
      {"container_name", "is not a string"},
      {"runtime_dir", "is not a string"},
      {"container_id", "is not a string"},
      {"ipc_mode", "is not a string"},
      {"init_pid", "is not a number"},
      {"allow_debugger", "is not true or false"},
  };
  for (auto& [name, text] : texts)
    for (auto wrong : {R"("1")", "1", "true", "[]", "{}"}) {
      const std::string value = wrong;
      const std::string field{name};
      const bool fits = text == "is not a string"   ? value == R"("1")"
                        : text == "is not a number" ? value == "1"
                                                    : value == "true";
      CAPTURE(field);
      CAPTURE(value);
      if (!fits)
        CHECK(why({{name, value}}) == name + ": " + text);
    }
}

TEST_CASE("a field of the gate that has a wrong type costs the gate") {
  for (auto name : {"project_id", "gate_base_path", "gate_token"})
    for (auto wrong : {"1", "true", "[]", "{}"})
      CHECK(gate_fault({{name, wrong}}) == name + ": is not a string"s);
  for (auto wrong : {R"("1")", "true", "[]", "{}"})
    CHECK(gate_fault({{"ipc_mode", R"("tcp")"}, {"gate_port", wrong}})
          == "gate_port: is not a number");
}

TEST_CASE("a container's name is one safe component of a path") {
  for (auto bad : {"", ".", "..", "a/b", "/", R"(a\u0000b)", R"(a\nb)"}) {
    CAPTURE(bad);
    const auto text = why({{"container_name", "\""s + bad + "\""}});
    CHECK(text.starts_with("container_name: `"));
    CHECK(text.ends_with("` is not a safe directory name"));
  }
  for (auto good : {"...", "-", "a b", "\xc3\xa9"})
    CHECK(why({{"container_name", "\""s + good + "\""}}) == "");
  const auto max = supervisor_limits::name_max_bytes;
  CHECK(why({{"container_name", "\"" + std::string(max, 'x') + "\""}}) == "");
  CHECK(why({{"container_name", "\"" + std::string(max + 1, 'x') + "\""}})
        != "");
}

TEST_CASE("directories are absolute and unambiguous") {
  const auto check = [](const std::string& name, auto fault) {
    CHECK(fault({{name, R"("run/terok")"}})
          == name + ": `run/terok` is not an absolute path");
    CHECK(fault({{name, R"("/a/../b")"}})
          == name + ": `/a/../b` has a component `.` or `..`");
    CHECK(fault({{name, R"("/a/.")"}})
          == name + ": `/a/.` has a component `.` or `..`");
    CHECK(fault({{name, R"("/")"}}) == name + ": is the root directory");
    CHECK(fault({{name, R"("/a\u0000b")"}})
          == name + ": has a control character in it");
  };
  check("runtime_dir", [](const fields& x) { return why(x); });
  check("gate_base_path", gate_fault);
  CHECK(why({{"runtime_dir", R"("")"}})
        == "runtime_dir: `` is not an absolute path");
  CHECK(parse(file({{"runtime_dir", R"("//run///s/")"}})).runtime_dir
        == "/run/s");
}

TEST_CASE("a project name follows the rules for repository names") {
  for (auto bad : {"", ".", "..", "a/b", "*", "a b", "My Proj+1"})
    CHECK(gate_fault({{"project_id", "\""s + bad + "\""}})
          == "project_id: `"s + bad
                 + "` is not a repository name (A-Z a-z 0-9 . _ -)");
  CHECK(gate_fault({{"project_id", R"("A-z.0_")"}}) == "");
}

TEST_CASE("a container's id has 12 to 64 hexadecimal digits") {
  for (std::size_t n : {0U, 11U, 65U})
    CHECK(why({{"container_id", "\"" + std::string(n, 'a') + "\""}})
              .ends_with("` is not 12 to 64 hexadecimal digits"));
  for (std::size_t n : {12U, 64U})
    CHECK(why({{"container_id", "\"" + std::string(n, 'F') + "\""}}) == "");
  CHECK(why({{"container_id", R"("0123456789ag")"}}) != "");
}

TEST_CASE("a container's name is what podman accepts as one") {
  for (std::string good : {"a", "0", "demo", "A_b.c-d", "0123456789ab"})
    CHECK(is_container_name(good));
  for (std::string bad :
       {"", ".", "..", "-a", "_a", ".a", "a/b", "a b", "a\nb", "a\xc3\xa9"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_container_name(bad));
  }
  const auto max = supervisor_limits::name_max_bytes;
  CHECK(is_container_name(std::string(max, 'x')));
  CHECK_FALSE(is_container_name(std::string(max + 1, 'x')));
}

TEST_CASE("numbers are whole and in their range") {
  const auto port_fault = [](const char* port) {
    return gate_fault({{"ipc_mode", R"("tcp")"}, {"gate_port", port}});
  };
  for (auto bad : {"0", "-1", "65536", "1.0", "1e3", "99999999999999999999"})
    CHECK(port_fault(bad)
          == "gate_port: is not a whole number from 1 to 65535");
  for (auto good : {"1", "65535"})
    CHECK(port_fault(good) == "");
  CHECK(why({{"init_pid", "2147483648"}})
        == "init_pid: is not a whole number from 1 to 2147483647");
  CHECK(why({{"init_pid", "2147483647"}}) == "");
}

// The token opens the repository, so a log line about it must not show it.
TEST_CASE("a token that clients could not send is refused and never shown") {
  for (auto bad :
       {R"(geheim:x)", R"(geheim x)", R"(geheim\u0007)", R"(geheim\u007f)"}) {
    const auto text = gate_fault({{"gate_token", "\""s + bad + "\""}});
    CHECK(text.starts_with("gate_token: has a colon"));
    CHECK(text.find("geheim") == text.npos);
  }
  CHECK(gate_fault({{"gate_token", "\"" + std::string(1024, 'x') + "\""}})
        == "");
  CHECK(gate_fault({{"gate_token", "\"" + std::string(1025, 'x') + "\""}})
        == "gate_token: is longer than 1024 bytes");
}

TEST_CASE("an ipc mode is one of two words") {
  CHECK(why({{"ipc_mode", R"("udp")"}})
        == "ipc_mode: `udp` is neither socket nor tcp");
  CHECK(parse(file({{"ipc_mode", R"("socket")"}})).ipc_mode
        == sidecar::ipc::socket);
}

TEST_CASE("of several faults the first in the contract's table is reported") {
  CHECK(why(R"({"init_pid":"x","gate_token":1,"container_name":5})")
        == "container_name: is not a string");
  CHECK(why({{"allow_debugger", "1"}, {"ipc_mode", "1"}})
        == "ipc_mode: is not a string");
}

TEST_CASE("a file that is not a JSON object is refused as a whole") {
  CHECK(why("") == "not a JSON object");
  CHECK(why("[]") == "not a JSON object");
  CHECK(why("{") == "not JSON");
  CHECK(why(file() + "x") == "not JSON");
  CHECK(why(R"({"container_name":"c","runtime_dir":"/r","other":tru})")
        == "not JSON");
  CHECK(why("{\"container_name\":\"\xff\"}") == "not JSON");
  const auto whole = file();
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK(why(whole.substr(0, n)) != "");
}

TEST_CASE("a sidecar has limits for size and nesting") {
  auto text = file();
  text.resize(supervisor_limits::sidecar_max_bytes, ' ');
  CHECK(why(text) == "");
  CHECK(why(text + ' ') == "larger than 64 KiB");
  const auto deep = [](std::size_t n) {
    return R"({"container_name":"c","runtime_dir":"/r","x":)"
           + std::string(n - 1, '[') + std::string(n - 1, ']') + "}";
  };
  const auto max = supervisor_limits::sidecar_nesting_max_depth;
  CHECK(why(deep(max)) == "");
  CHECK(why(deep(max + 1)) == "nested too deep");
}

TEST_CASE("a sidecar for another container keeps all but id and process") {
  auto parsed = parse_sidecar(
      R"({"container_name":"n","ipc_mode":"tcp","runtime_dir":"/r/sandbox",)"
      R"("container_id":"0123456789ab","init_pid":7,"gate_base_path":"/g",)"
      R"("project_id":"p","gate_token":"t","gate_port":9,)"
      R"("allow_debugger":true})");
  REQUIRE(std::holds_alternative<sidecar>(parsed));
  const auto& x = std::get<sidecar>(parsed);
  const auto y = for_container(x, "ba9876543210");
  CHECK(y.container_id == "ba9876543210");
  CHECK_FALSE(y.init_pid);
  CHECK(y.container_name == x.container_name);
  CHECK(y.ipc_mode == x.ipc_mode);
  CHECK(y.runtime_dir == x.runtime_dir);
  REQUIRE(y.gate);
  CHECK(y.gate->base_path == "/g");
  CHECK(y.gate->project_id == "p");
  CHECK(y.gate->token == x.gate->token);
  CHECK(y.gate_port == 9);
  CHECK(y.allow_debugger);
  CHECK_FALSE(y.gate_fault);
}

} // namespace sidecar_tests
