/// The workloads. Each appends its figures to the report.
#pragma once

#include "test/bench/load.hpp"
#include "test/bench/report.hpp"
#include "test/bench/server.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clearance::bench {

struct plan {
  programs which;
  int rounds = 5;
  bool pinned = true; ///< server and subscribers on a processor each
  bool quick = false; ///< a tenth of the events: whether it works at all

  /// Runs only the variants with this many subscribers, for profiling.
  std::optional<std::size_t> only;

  bool wants(std::size_t subscribers) const {
    return !only || *only == subscribers;
  }

  std::size_t scaled(std::size_t events) const {
    return quick ? events / 10 : events;
  }

  /// Calls `f` with a new server of each kind in turn: hub, relay, hub, relay.
  void
  alternate(const std::function<void(server_kind, const server&)>& f) const {
    for (int i = 0; i < rounds; ++i)
      for (auto kind : {server_kind::hub, server_kind::relay})
        f(kind, server{which, kind});
  }

  /// The same with hubs only, for what a relay does not do.
  void repeat(const std::function<void(const server&)>& f) const {
    for (int i = 0; i < rounds; ++i)
      f(server{which, server_kind::hub});
  }
};

/// The figures of the server itself that every load reports, too.
inline void add_costs(report& out, const std::string& workload,
                      server_kind kind, const load_result& x) {
  auto add = [&](const char* metric, const char* unit, double value) {
    auto& of = out.at(workload, metric, unit);
    (kind == server_kind::hub ? of.hub : of.floor).push_back(value);
  };
  add("wake-ups/event", "", x.wakeups_per_event());
  add("resident", "MiB", x.resident_mib());
}

inline std::vector<double>& runs_of(figure& x, server_kind kind) {
  return kind == server_kind::hub ? x.hub : x.floor;
}

struct workload {
  std::string name;
  std::string what; ///< one line
  std::function<void(const plan&, report&)> run;
};

const std::vector<workload>& workloads();

void latency_paced(const plan& how, report& out);
void latency_in_turn(const plan& how, report& out);
void throughput(const plan& how, report& out);
void throughput_bulk(const plan& how, report& out);
void throughput_mixed(const plan& how, report& out);
void throughput_framed(const plan& how, report& out);
void burst(const plan& how, report& out);
void stuck(const plan& how, report& out);
void verdicts_refused(const plan& how, report& out);
void verdicts_executed(const plan& how, report& out);
void decisions(const plan& how, report& out);
void prompts(const plan& how, report& out);
void idle(const plan& how, report& out);
void connections(const plan& how, report& out);
void memory(const plan& how, report& out);
void supervisor(const plan& how, report& out);
void start(const plan& how, report& out);
void gate_refs(const plan& how, report& out);
void gate_many_refs(const plan& how, report& out);
void gate_clone(const plan& how, report& out);
void gate_push(const plan& how, report& out);

} // namespace clearance::bench
