// What terok-guard costs, in private namespaces: medians of 50. See README.md.
#include "test/bench/statistics.hpp"
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/support/net/varlink_client.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/wire/wire_event.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <poll.h>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace clearance::bench {

namespace {

using namespace clearance::test;
using bench_clock = std::chrono::steady_clock;

constexpr int repetitions = 50;
constexpr int run_repetitions = 20;
constexpr std::size_t flood_targets = 200;

double ms_since(bench_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(bench_clock::now() - start)
      .count();
}

void row(const char* what, double value, const char* unit, const char* must) {
  std::printf("| %s | %.2f %s | %s |\n", what, value, unit, must);
  std::fflush(stdout);
}

void expect(bool good, const std::string& what) {
  if (!good)
    throw std::runtime_error(what);
}

// Nanoseconds that a process was on a processor. Source: proc(5), schedstat.
double busy_ns(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/schedstat");
  double result = 0;
  in >> result;
  return result;
}

double load_average() {
  double result[1] = {};
  ::getloadavg(result, 1);
  return result[0];
}

// A hub that has terok-guard as its shield, and one subscriber.
struct bench_fixture {
  guard_world world;
  child hub;
  varlink_client events;
  varlink_client verdicts;

  bench_fixture()
      : hub(start_hub()), events(clearance()), verdicts(clearance()) {
    events.send("org.terok.Clearance1.Subscribe", "{}", R"("more":true)");
  }

  std::string clearance() const {
    return world.runtime() + "/terok-clearance.sock";
  }
  std::string readers() const {
    return world.runtime() + "/terok-shield-events.sock";
  }

  child start_hub() const {
    auto result = world.start_program("terok-clearance",
                                      {"serve", "--inline-verdict", "--shield",
                                       world.program("terok-guard")});
    result.await_err("serving");
    return result;
  }

  wire_event next_block() {
    for (;;)
      if (auto x = events.next_event(); x.type == "connection_blocked")
        return x;
  }
};

void measure_verdicts(bench_fixture& x) {
  std::vector<double> until_event;
  std::vector<double> until_open;
  for (int i = 0; i < repetitions; ++i) {
    const auto dest = "203.0.113." + std::to_string(100 + i);
    auto start = bench_clock::now();
    expect(x.world.ask("tcp " + dest) == "Connection refused", dest);
    const auto block = x.next_block();
    until_event.push_back(ms_since(start));
    expect(block.dest == dest, "a block of " + block.dest);
    start = bench_clock::now();
    x.verdicts.verdict("c1", block.request_id, dest, "allow");
    expect(x.world.ask("tcp " + dest) == "connected", dest + " stays closed");
    until_open.push_back(ms_since(start));
  }
  row("first blocked packet to the event at a subscriber", median(until_event),
      "ms", "below 1 ms");
  row("... the slowest of 50", percentile(until_event, 1), "ms", "");
  row("verdict to an accepted connection", median(until_open), "ms",
      "below 10 ms");
  row("... the slowest of 50", percentile(until_open, 1), "ms", "");
}

void measure_idle(const child& guard) {
  row("reader, resident",
      static_cast<double>(resident_bytes(guard.pid())) / 1024 / 1024, "MiB",
      "below 4 MiB");
  const auto wake_ups = [&guard] {
    return std::stod(status_of(guard.pid(), "voluntary_ctxt_switches"));
  };
  const auto before = wake_ups();
  ::poll(nullptr, 0, 5000);
  row("reader, idle: wake-ups in 5 s", wake_ups() - before, "", "none");
}

void measure_flood(bench_fixture& x, const child& guard) {
  const auto before = busy_ns(guard.pid());
  const auto answer = x.world.ask("flood");
  const auto packets = std::stod(answer);
  const auto sender_ns = std::stod(answer.substr(answer.find(' ')));
  std::set<std::string> seen;
  const auto start = bench_clock::now();
  while (seen.size() < flood_targets && ms_since(start) < 5000)
    seen.insert(x.next_block().dest);
  row("blocked packets in a second, from one program", packets, "",
      "100 000 without a lost prompt");
  row("... of their 200 destinations seen", static_cast<double>(seen.size()),
      "", "200");
  row("CPU of the reader for each blocked packet",
      (busy_ns(guard.pid()) - before) / packets / 1000, "us", "below 2 us");
  row("CPU of the sender for each blocked packet, system call included",
      sender_ns / packets / 1000, "us", "");
}

double time_of_run(const std::function<child()>& start) {
  std::vector<double> all;
  for (int i = 0; i < run_repetitions; ++i) {
    const auto begin = bench_clock::now();
    auto program = start();
    expect(program.wait() == exited(0), program.err());
    all.push_back(ms_since(begin));
  }
  return median(all);
}

void measure_run(const guard_world& world) {
  const auto bare = time_of_run([] {
    child_options options;
    options.argv = {"/bin/true"};
    return child{std::move(options)};
  });
  const auto hub = world.runtime() + "/none.sock";
  const auto guarded = time_of_run([&] {
    return world.start({"run", "--private", std::to_string(world.internet()),
                        "--hub", hub, "--", "/bin/true"});
  });
  row("`run --private -- true`, more than without", guarded - bare, "ms",
      "below 100 ms");
  try {
    const auto pasta = time_of_run([&] {
      return world.start({"run", "--hub", hub, "--", "/bin/true"});
    });
    row("`run -- true` with pasta, more than without", pasta - bare, "ms",
        "below 100 ms");
  } catch (const std::runtime_error& e) {
    std::printf("| `run -- true` with pasta | not measured: %s | |\n",
                e.what());
  }
}

int measure() {
  bench_fixture x;
  if (!x.world.missing().empty()) {
    std::printf("skipped: %s\n", x.world.missing().c_str());
    return 0;
  }
  std::printf("load average %.1f\n\n| what | figure | must reach |\n"
              "| --- | --- | --- |\n",
              load_average());
  {
    const auto guard = x.world.attach({"--hub", x.readers()});
    while (x.events.next_event().type != "container_started") {
      // of this guard
    }
    measure_verdicts(x);
    measure_flood(x, guard);
    measure_idle(guard);
  }
  measure_run(x.world);
  return 0;
}

} // namespace

} // namespace clearance::bench

int main() try {
  return clearance::bench::measure();
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench-guard: %s\n", e.what());
  return 1;
}
