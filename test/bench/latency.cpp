#include "test/bench/load.hpp"
#include "test/bench/statistics.hpp"
#include "test/bench/workload.hpp"

namespace clearance::bench {

namespace {

void latency(const plan& how, report& out, const std::string& name, pace paced,
             std::size_t events, std::size_t subscribers) {
  if (!how.wants(subscribers))
    return;
  const auto workload = name + " " + std::to_string(subscribers);
  const auto judged = subscribers != 10;
  auto& p50 = out.at(workload, "p50", "us",
                     judged ? std::optional{ratio_max(2)} : std::nullopt,
                     judged ? std::optional{ratio_max(1.3)} : std::nullopt);
  auto& p99 = out.at(workload, "p99", "us");
  auto& cpu = out.at(workload, "cpu/event", "us", {}, ratio_max(1.8));
  how.alternate([&](server_kind kind, const server& x) {
    const auto result =
        run_load(x, {paced, how.scaled(events), subscribers}, how.pinned);
    runs_of(p50, kind).push_back(percentile(result.latencies_us, 0.5));
    runs_of(p99, kind).push_back(percentile(result.latencies_us, 0.99));
    runs_of(cpu, kind).push_back(result.cpu_us_per_event());
    add_costs(out, workload, kind, result);
  });
}

} // namespace

void latency_paced(const plan& how, report& out) {
  for (std::size_t subscribers : {1U, 10U, 100U})
    latency(how, out, "latency-paced", pace::each_ms, 2000, subscribers);
}

void latency_in_turn(const plan& how, report& out) {
  latency(how, out, "latency-in-turn", pace::in_turn, 20'000, 1);
  latency(how, out, "latency-in-turn", pace::in_turn, 10'000, 10);
  latency(how, out, "latency-in-turn", pace::in_turn, 2000, 100);
}

} // namespace clearance::bench
