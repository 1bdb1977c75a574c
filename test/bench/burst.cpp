#include "test/bench/load.hpp"
#include "test/bench/workload.hpp"

namespace clearance::bench {

namespace {

// What counts here is the number of events, so the relay is not measured.
void burst_at(const plan& how, report& out, const std::string& workload,
              load x) {
  x.events = how.scaled(x.events);
  const auto all = value_min(static_cast<double>(x.events));
  out.at(workload, "delivered", "min", all, all);
  out.at(workload, "events/s", "");
  how.repeat([&](const server& on) {
    const auto result = run_load(on, x, how.pinned);
    if (result.delivered != result.expected)
      out.wrong(workload + ": " + std::to_string(result.delivered) + " of "
                + std::to_string(result.expected) + " delivered");
    out.at(workload, "delivered", "")
        .hub.push_back(static_cast<double>(result.delivered_min));
    out.at(workload, "events/s", "").hub.push_back(result.events_per_s());
    add_costs(out, workload, server_kind::hub, result);
  });
}

} // namespace

void burst(const plan& how, report& out) {
  burst_at(how, out, "burst alone", {pace::bulk, 50'000, 1, 0});
  burst_at(how, out, "burst beside a stuck", {pace::bulk, 50'000, 1, 1});
}

void stuck(const plan& how, report& out) {
  burst_at(how, out, "99 readers", {pace::lines, 20'000, 99, 0});
  burst_at(how, out, "99 readers and a stuck", {pace::lines, 20'000, 99, 1});
}

} // namespace clearance::bench
