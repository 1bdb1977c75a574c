// Faults that no peer causes: a path that is a directory, a file without an
// end, too little memory. A program that cannot start writes one line and ends
// with the documented exit code. If memory is missing for one connection, only
// that connection ends.

#include "test/end_to_end/world/container_world.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/support/deadline.hpp"
#include "test/support/doubles/fake_shield.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <signal.h>
#include <string>
#include <sys/resource.h>

namespace faults_tests {

using namespace clearance::test;

namespace {

/// The one line that a program writes when it must not start.
std::string refusal(std::vector<std::string> argv, int code) {
  child_options options;
  options.argv = std::move(argv);
  child process{std::move(options)};
  CHECK(process.wait() == exited(code));
  auto said = process.err();
  CHECK(said.find('\n') == said.size() - 1);
  return said.substr(0, said.size() - 1);
}

/// Lets the process allocate at most `more` further bytes, once all its threads
/// have begun: the C library ends the process if a thread has no memory for its
/// beginning.
void starve(pid_t pid, rlim_t more) {
  for (const deadline guard; !all_threads_wait(pid);)
    guard.pace("all threads wait");
  const auto now = std::stoull(status_of(pid, "VmData")) * 1024;
  const struct rlimit limit { now + more, RLIM_INFINITY };
  if (::prlimit(pid, RLIMIT_DATA, &limit, nullptr) != 0)
    fail_with_errno("prlimit");
}

} // namespace

TEST_CASE("a configuration file that cannot be read causes one line") {
  const temp_dir dir;
  const auto fault = [&](const std::string& path) {
    return ": cannot read the configuration file " + path + ": ";
  };
  for (const auto& program :
       {terok_clearance(), terok_gate(), terok_supervisor()}) {
    const auto name = program.filename().string();
    CHECK(refusal({program, "--config", dir.path()}, 2)
          == name + fault(dir.path()) + "is not a regular file");
    CHECK(refusal({program, "--config", "/dev/zero"}, 2)
          == name + fault("/dev/zero") + "is not a regular file");
    CHECK(refusal({program, "--config", dir / "none"}, 2)
          == name + fault(dir / "none") + "No such file or directory");
  }
}

TEST_CASE("if memory is missing for a message, only its connection ends") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto greedy = server.client();
  CHECK(greedy.call("org.varlink.service.GetInfo").error == "");
  starve(server.pid(), 0);
  const std::string half(900 * 1024, 'x');
  try {
    greedy.socket().send(half);
    CHECK(greedy.socket().read_to_end() == "");
  } catch (const peer_closed&) {
    // The hub closed the connection before it had read everything.
  }
  server.process().await_err("out of memory");
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a hub whose memory a flood has used up ends when it is told to") {
  if (clearance::has_address_sanitizer || clearance::has_thread_sanitizer) {
    skipped("a sanitizer needs memory of its own");
    return;
  }
  for (const bool keeps_prompts : {false, true})
    for (const rlim_t more : {0, 1 << 17, 1 << 19, 1 << 20, 3 << 20}) {
      CAPTURE(keeps_prompts);
      CAPTURE(more);
      const runtime where;
      hub_options options;
      if (!keeps_prompts)
        options.arguments = {"--no-prompts"};
      hub server{where, std::move(options)};
      auto reader = server.reader();
      CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
      starve(server.pid(), more);
      try {
        for (int i = 0; i < 3000; ++i) {
          block x;
          x.request_id = std::to_string(i) + std::string(200, 'i');
          x.domain = std::string(240, 'd');
          reader.send(x.line());
        }
      } catch (const peer_closed&) {
        // The hub closed the connection, or has ended.
      }
      const auto end = server.stop();
      CAPTURE(to_string(end));
      CAPTURE(server.process().err());
      CHECK((end == exited(0) || end == exited(1)));
      CHECK_FALSE(std::filesystem::exists(where.clearance()));
      CHECK_FALSE(std::filesystem::exists(where.reader()));
    }
}

TEST_CASE("a program that executes verdicts logs at its start that the shield "
          "is missing") {
  const runtime where;
  const std::string said = "the shield is not found, every verdict will fail";
  const auto none = where.dir / "none";
  SUBCASE("the helper") {
    const auto helper = start(serve_verdict(where, none), {where.verdict()});
    helper.await_err(said);
  }
  SUBCASE("the hub") {
    hub_options options;
    options.shield = none;
    hub server{where, std::move(options)};
    server.process().await_err(said);
    CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  }
  SUBCASE("the supervisor") {
    const container_world world;
    child process{world.supervisor(
        {"run", "--sidecar-dir", world.sidecars(), "--shield", none})};
    process.await_err(said);
    process.await_err("supervisor: starting");
  }
}

TEST_CASE("a hub logs at its start that the verdict helper is missing") {
  const runtime where;
  const std::string said = "the verdict helper is not there, every verdict "
                           "will fail until it is verdict_socket="
                           + where.verdict().string();
  {
    hub server{where};
    server.process().await_err(said);
    CHECK(server.stop() == exited(0));
  }
  const fake_shield shield;
  const auto helper =
      start(serve_verdict(where, shield.program()), {where.verdict()});
  hub server{where};
  CHECK(server.stop() == exited(0));
  CHECK(server.process().err().find("verdict helper") == std::string::npos);
}

TEST_CASE("a client without enough memory says so and ends with 1") {
  if (clearance::has_address_sanitizer || clearance::has_thread_sanitizer) {
    skipped("a sanitizer does not start with so little memory");
    return;
  }
  const runtime where;
  child_options options;
  // The arguments alone need more memory than the limit allows.
  options.argv = {
      "/usr/bin/prlimit", "--data=1600000", terok_clearance(), "emit",
      "--type",           "shield_up",      "--container",     "c",
      "--reader-socket",  where.reader()};
  for (int i = 0; i < 12; ++i) {
    options.argv.push_back("--dossier");
    options.argv.push_back("key=" + std::string(120'000, 'x'));
  }
  child process{std::move(options)};
  CHECK(process.wait() == exited(1));
  CHECK(process.err() == "terok-clearance: out of memory\n");
}

TEST_CASE("a sidecar that can never be served is logged once") {
  const container_world world;
  const fake_shield shield;
  const container good{"good", "111111111111aaaa", {}};
  world.add({"bad", "222222222222bbbb", {{"runtime_dir", R"("/sandbox")"}}});
  const std::string far = "/" + std::string(100, 'x') + "/sandbox";
  world.add({"far", "333333333333cccc", {{"runtime_dir", '"' + far + '"'}}});
  world.add(good);
  auto process =
      start(world.supervisor({"run", "--sidecar-dir", world.sidecars(),
                              "--shield", shield.program()}),
            {world.clearance(good), world.reader(good)});
  process.await_err("bad sidecar file=bad.json field=runtime_dir");
  process.await_err("bad sidecar file=far.json field=runtime_dir");
  process.kill(SIGTERM);
  CHECK(process.wait() == exited(0));
  const auto log = process.err();
  CHECK(log.find("is started again") == std::string::npos);
  CHECK(log.find("file=bad.json") == log.rfind("file=bad.json"));
}

// Its hub needs no gate.
TEST_CASE("a sidecar with half of a gate is told once, and its hub serves") {
  const container_world world;
  const fake_shield shield;
  const container without_path{
      "tok", "111111111111aaaa", {{"gate_base_path", ""}}};
  const container without_token{
      "base", "222222222222bbbb", {{"gate_token", ""}}};
  world.add(without_path);
  world.add(without_token);
  auto process =
      start(world.supervisor({"run", "--sidecar-dir", world.sidecars(),
                              "--shield", shield.program()}),
            {world.clearance(without_path), world.clearance(without_token)});
  const std::string needs = ": is missing: a gate needs gate_base_path and "
                            "gate_token";
  process.await_err("gate_base_path" + needs);
  process.await_err("gate_token" + needs);
  process.kill(SIGTERM);
  CHECK(process.wait() == exited(0));
  const auto log = process.err();
  CHECK(log.find("gate_base_path" + needs)
        == log.rfind("gate_base_path" + needs));
  CHECK(log.find("is started again") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(world.gate(without_path)));
}

TEST_CASE("the log shows relative paths as absolute ones") {
  const runtime where;
  child_options options;
  options.argv = {terok_clearance(),  "serve",           "--clearance-socket",
                  "run/c.sock",       "--reader-socket", "run/r.sock",
                  "--verdict-socket", "run/v.sock"};
  options.working_directory = where.dir.path();
  auto server = start(std::move(options), {where.clearance(), where.reader()});
  server.await_err("clearance_socket=" + where.clearance().string());
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
  CHECK_FALSE(std::filesystem::exists(where.clearance()));
}

} // namespace faults_tests
