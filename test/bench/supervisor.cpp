// Costs of many containers in one process: memory, wake-ups, and the time from
// the appearance of a sidecar until its services accept connections.

#include "test/bench/statistics.hpp"
#include "test/bench/workload.hpp"
#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/process/child.hpp"
#include "test/support/process/process_facts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace clearance::bench {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

bool accepts(const fs::path& path) try {
  const test::raw_socket probe{path};
  return true;
} catch (const std::system_error&) {
  return false;
}

/// A supervisor, in its own directories. Each container has a hub and a gate.
class supervised {
public:
  supervised() : process_(options()) {
    process_.await_err("supervisor: starting");
  }

  pid_t pid() const { return process_.pid(); }

  /// Milliseconds from the appearance of the sidecar until the last of the
  /// container's sockets accepts a connection.
  double add() {
    const auto id = next_id();
    const auto beside = dir_ / "sidecar";
    test::write_file(
        beside, R"({"container_name":"c)" + id + R"(","container_id":")" + id
                    + R"(","runtime_dir":")" + (dir_ / "t/sandbox").string()
                    + R"(","project_id":"p","gate_base_path":"/nonexistent",)"
                    + R"("gate_token":"terok-g-)" + id + id + R"("})");
    fs::permissions(beside, fs::perms(0600));
    const auto start = clock::now();
    fs::rename(beside, dir_ / "d" / (id + ".json"));
    const std::array<fs::path, 3> sockets{
        dir_ / "t/clearance" / id / "hub.sock",
        dir_ / "t/events" / id / "ingester.sock",
        dir_ / "t/sandbox/run" / ("c" + id) / "gate/gate-server.sock"};
    const test::deadline guard;
    for (const auto& socket : sockets)
      while (!accepts(socket)) {
        if (clock::now() - start > std::chrono::seconds{1})
          guard.pace("a server at " + socket.string());
        std::this_thread::yield();
      }
    return std::chrono::duration<double, std::milli>(clock::now() - start)
        .count();
  }

  /// Call it when the process has done all work of the connections.
  double resident_mib() const {
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    return static_cast<double>(test::resident_bytes(pid())) / (1024.0 * 1024);
  }

private:
  std::string next_id() {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%012x", ++count_);
    return text.data();
  }

  test::child_options options() const {
    fs::create_directory(dir_ / "d");
    test::child_options result;
    result.argv = {BENCH_SUPERVISOR, "run",      "--sidecar-dir",
                   dir_ / "d",       "--shield", "/bin/true"};
    for (auto name : {"NOTIFY_SOCKET", "JOURNAL_STREAM", "LISTEN_FDS"})
      result.environment.emplace_back(name, "");
    return result;
  }

  test::temp_dir dir_;
  test::child process_;
  unsigned count_ = 0;
};

} // namespace

void supervisor(const plan& how, report& out) {
  const std::string name = "supervisor, 200 idle";
  constexpr std::size_t half = 100;
  auto& resident = out.at(name, "resident", "MiB", value_max(64));
  auto& each = out.at(name, "each further", "MiB", value_max(0.25));
  auto& ready = out.at(name, "ready p50", "ms", value_max(20));
  auto& worst = out.at(name, "ready worst", "ms", {}, value_max(20));
  auto& wakes = out.at(name, "switches/10s", "", value_max(0));
  for (int i = 0; i < how.rounds; ++i) {
    supervised on;
    std::vector<double> times;
    const auto add = [&] {
      for (std::size_t j = 0; j < half; ++j)
        times.push_back(on.add());
      return on.resident_mib();
    };
    const auto before = add();
    const auto after = add();
    resident.hub.push_back(after);
    each.hub.push_back((after - before) / half);
    ready.hub.push_back(median(times));
    worst.hub.push_back(*std::max_element(times.begin(), times.end()));
    if (i > 0)
      continue; // ten seconds once
    // A probe of a gate sent no head. The timer for that head wakes the process
    // once more.
    std::this_thread::sleep_for(std::chrono::seconds{how.quick ? 1 : 11});
    const auto switches = usage_of(on.pid()).voluntary_switches;
    std::this_thread::sleep_for(std::chrono::seconds{how.quick ? 1 : 10});
    wakes.hub.push_back(
        static_cast<double>(usage_of(on.pid()).voluntary_switches - switches));
  }
}

} // namespace clearance::bench
