// Memory and wake-ups of a hub that is idle, and of one that was busy.

#include "test/bench/clients.hpp"
#include "test/bench/load.hpp"
#include "test/bench/workload.hpp"
#include "test/support/process/process_facts.hpp"

#include <chrono>
#include <thread>

namespace clearance::bench {

namespace {

constexpr double mib = 1024 * 1024;

double resident_mib(const server& x) {
  return static_cast<double>(test::resident_bytes(x.pid())) / mib;
}

double peak_mib(const server& x) {
  return std::stod(test::status_of(x.pid(), "VmHWM")) / 1024;
}

double switches_while_idle(const plan& how, const server& x) {
  const auto before = usage_of(x.pid()).voluntary_switches;
  std::this_thread::sleep_for(std::chrono::seconds{how.quick ? 1 : 10});
  return static_cast<double>(usage_of(x.pid()).voluntary_switches - before);
}

} // namespace

void idle(const plan& how, report& out) {
  auto once = how;
  once.rounds = 1;
  for (std::size_t subscribers : {0U, 100U}) {
    auto& x = out.at("idle " + std::to_string(subscribers) + " subscribers",
                     "switches/10s", "", value_max(10), value_max(1));
    once.alternate([&](server_kind kind, const server& on) {
      const auto sockets = connect_clients(on, subscribers);
      // Wait until the hub has done all that the connections caused.
      std::this_thread::sleep_for(std::chrono::milliseconds{500});
      runs_of(x, kind).push_back(switches_while_idle(how, on));
    });
  }
}

void connections(const plan& how, report& out) {
  constexpr std::size_t count = 1000;
  out.at("1000 connections idle", "each", "KiB");
  out.at("1000 subscribers idle", "each", "KiB");
  how.repeat([&](const server& on) {
    const auto per_connection = [&](double before) {
      return (resident_mib(on) - before) * 1024 / count;
    };
    auto before = resident_mib(on);
    std::vector<test::raw_socket> silent;
    for (std::size_t i = 0; i < count; ++i)
      silent.emplace_back(on.clearance());
    // The hub serves connections in order, so this one is served after all
    // others.
    connect_clients(on, 1);
    out.at("1000 connections idle", "each", "")
        .hub.push_back(per_connection(before));
    before = resident_mib(on);
    const auto sockets = connect_clients(on, count);
    out.at("1000 subscribers idle", "each", "")
        .hub.push_back(per_connection(before));
  });
}

void memory(const plan& how, report& out) {
  auto& fresh = out.at("memory idle", "resident", "MiB", value_max(12));
  how.alternate([&](server_kind kind, const server& on) {
    connect_clients(on, 1);
    runs_of(fresh, kind).push_back(resident_mib(on));
  });
  const std::string loaded = "memory 99+1 stuck, 100k";
  out.at(loaded, "resident", "MiB", value_max(24));
  out.at(loaded, "peak", "MiB", value_max(24));
  auto few = how;
  few.rounds = how.rounds > 1 ? 3 : 1;
  few.repeat([&](const server& on) {
    const auto result =
        run_load(on, {pace::lines, how.scaled(100'000), 99, 1}, how.pinned);
    if (result.delivered != result.expected)
      out.wrong(loaded + ": events were lost");
    out.at(loaded, "resident", "")
        .hub.push_back(static_cast<double>(result.server_resident) / mib);
    out.at(loaded, "peak", "").hub.push_back(peak_mib(on));
  });
}

void start(const plan& how, report& out) {
  auto& x =
      out.at("start", "exec to connect", "ms", value_max(30), value_max(30));
  auto many = how;
  many.rounds = how.quick ? 3 : 20;
  many.alternate([&](server_kind kind, const server& on) {
    runs_of(x, kind).push_back(
        std::chrono::duration<double, std::milli>(on.started_in()).count());
  });
}

} // namespace clearance::bench
