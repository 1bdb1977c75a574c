#include "test/bench/load.hpp"
#include "test/bench/workload.hpp"

namespace clearance::bench {

namespace {

struct targets {
  std::optional<bound> must;
  std::optional<bound> goal;
};

targets targets_for(const load& x) {
  switch (x.subscribers) {
  case 1:
    return {ratio_min(x.mixed ? 0.5 : 0.4), ratio_min(0.7)};
  case 100:
    return {ratio_min(0.4), ratio_min(0.8)};
  default:
    return {};
  }
}

void flood(const plan& how, report& out, const std::string& name, load x) {
  if (!how.wants(x.subscribers))
    return;
  const auto workload = name + " " + std::to_string(x.subscribers);
  const auto target = targets_for(x);
  out.at(workload, "events/s", "", target.must, target.goal);
  out.at(workload, "cpu/event", "us", {}, ratio_max(1.8));
  x.events = how.scaled(x.events);
  how.alternate([&](server_kind kind, const server& on) {
    const auto result = run_load(on, x, how.pinned);
    if (result.delivered != result.expected)
      out.wrong(workload + ": " + std::to_string(result.delivered) + " of "
                + std::to_string(result.expected) + " delivered"
                + (kind == server_kind::hub ? "" : " by the floor"));
    runs_of(out.at(workload, "events/s", ""), kind)
        .push_back(result.events_per_s());
    runs_of(out.at(workload, "cpu/event", ""), kind)
        .push_back(result.cpu_us_per_event());
    add_costs(out, workload, kind, result);
  });
}

void floods(const plan& how, report& out, const std::string& name, pace paced) {
  flood(how, out, name, {paced, 200'000, 1, 0});
  flood(how, out, name, {paced, 100'000, 10, 0});
  flood(how, out, name, {paced, 20'000, 100, 0});
  flood(how, out, name, {paced, 2000, 1000, 0});
}

// Compared with a relay that looks at each line, as the hub does.
void framed_floods(plan how, report& out, const std::string& name, bool mixed) {
  if (how.which.relay_mode.empty())
    how.which.relay_mode = "--framed";
  flood(how, out, name, {pace::bulk, 200'000, 1, 0, mixed});
  flood(how, out, name, {pace::bulk, 20'000, 100, 0, mixed});
}

} // namespace

void throughput(const plan& how, report& out) {
  floods(how, out, "throughput", pace::lines);
}

void throughput_bulk(const plan& how, report& out) {
  floods(how, out, "throughput-bulk", pace::bulk);
}

void throughput_framed(const plan& how, report& out) {
  framed_floods(how, out, "throughput-framed", false);
}

void throughput_mixed(const plan& how, report& out) {
  framed_floods(how, out, "throughput-mixed", true);
}

} // namespace clearance::bench
