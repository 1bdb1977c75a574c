// bench-hub: measures a hub and, for comparison, a bare relay. See README.md.

#include "test/bench/options.hpp"
#include "test/bench/workload.hpp"
#include "test/support/deadline.hpp"
#include "test/support/process/machine_facts.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <vector>

namespace clearance::bench {

const std::vector<workload>& workloads() {
  static const std::vector<workload> all{
      {"latency-paced", "an event each millisecond to 1, 10, 100 subscribers",
       latency_paced},
      {"latency-in-turn", "the next event when all have the one before",
       latency_in_turn},
      {"throughput", "a reader floods, a line a write", throughput},
      {"throughput-bulk", "a reader floods, 64 KiB a write", throughput_bulk},
      {"throughput-framed", "the same, beside a relay that frames each line",
       throughput_framed},
      {"throughput-mixed", "... of 1000 containers with mixed ids",
       throughput_mixed},
      {"burst", "50 000 events at a client that reads", burst},
      {"stuck", "one stuck client beside 99 that read", stuck},
      {"verdicts-refused", "calls that cite nothing, 8 pipelining clients",
       verdicts_refused},
      {"verdicts-executed", "the shield is /bin/true", verdicts_executed},
      {"decisions", "the policy denies and allows, with an audit trail",
       decisions},
      {"prompts", "a client gets all prompts of a container", prompts},
      {"idle", "wake-ups in 10 s", idle},
      {"connections", "memory of 1000 idle ones", connections},
      {"memory", "resident, idle and behind 100 000 events", memory},
      {"start", "from exec to the first connection", start},
      {"supervisor", "200 containers in one process", supervisor},
      {"gate-refs", "info/refs of 1, 4 and 16 clients", gate_refs},
      {"gate-many-refs", "info/refs of repositories with more and more refs",
       gate_many_refs},
      {"gate-clone", "200 MB, and eight such clones at once", gate_clone},
      {"gate-push", "200 MB", gate_push},
  };
  return all;
}

namespace {

run_facts facts_of(const plan& how) {
  return {test::machine(), how.rounds, how.quick, test::load_average(), 0};
}

int measure(const options& x) {
  test::raise_descriptor_limit();
  report out;
  auto facts = facts_of(x.how);
  std::cout << facts.machine << "; rounds: " << facts.rounds
            << (x.how.quick ? "; quick: a tenth of the events" : "") << "\n\n";
  for (auto& each : workloads()) {
    if (!x.chosen.empty()
        && std::find(x.chosen.begin(), x.chosen.end(), each.name)
               == x.chosen.end())
      continue;
    const auto first = out.size();
    each.run(x.how, out);
    out.print(std::cout, first);
  }
  for (auto& what : out.skipped())
    std::cout << "skipped: " << what << "\n";
  for (auto& what : out.wrong())
    std::cout << "wrong: " << what << "\n";
  facts.load_after = test::load_average();
  std::cout << "load average before " << facts.load_before << ", after "
            << facts.load_after << "\n";
  if (!x.json.empty()) {
    std::ofstream file{x.json};
    out.write_json(file, facts);
    if (!file.flush())
      test::fail_with_errno("write " + x.json);
  }
  return x.check && !out.wrong().empty() ? 1 : 0;
}

} // namespace

} // namespace clearance::bench

int main(int argc, char** argv) try {
  using namespace clearance::bench;
  return measure(parse({argv + 1, argv + argc}));
} catch (const std::exception& e) {
  std::cerr << "bench-hub: " << e.what() << "\n";
  return 1;
}
