#include "protocol/metrics/prometheus.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr auto counts = metric_type::counter;
constexpr auto gauge = metric_type::gauge;
constexpr auto histogram = metric_type::histogram;

constexpr std::string_view lines_left_out =
    "terok_clearance_reader_lines_left_out_total";
constexpr std::string_view lines_left_out_help =
    "Lines of readers that became no event.";
constexpr std::string_view connections_refused =
    "terok_clearance_connections_refused_total";
constexpr std::string_view refused_help =
    "Connections of other users that were closed.";
constexpr std::string_view held = "terok_clearance_held_bytes";
constexpr std::string_view held_help =
    "Memory of messages that are incomplete or not read yet.";
constexpr std::string_view denied = "terok_clearance_denied_room_total";
constexpr std::string_view denied_help =
    "Times that a connection got no more of that memory.";
constexpr std::string_view verdicts = "terok_clearance_verdicts_total";
constexpr std::string_view verdicts_help = "Verdicts, by what became of them.";
constexpr std::string_view removed =
    "terok_clearance_open_requests_removed_total";
constexpr std::string_view removed_help =
    "Open requests that nobody can answer any more, because of a limit or for "
    "want of memory.";
constexpr std::string_view decisions = "terok_clearance_decisions_total";
constexpr std::string_view decisions_help =
    "Decisions on prompts that took effect.";
constexpr std::string_view wait = "terok_clearance_decision_seconds";
constexpr std::string_view wait_help =
    "How long prompts waited for the decision that took effect.";
constexpr std::string_view requests = "terok_gate_requests_total";
constexpr std::string_view requests_help =
    "Requests that were answered, by the class of the status; none: the client "
    "left before.";
constexpr std::string_view turned_away = "terok_gate_turned_away_total";
constexpr std::string_view turned_away_help =
    "Requests that no git process could serve.";
constexpr std::string_view wrong = "terok_gate_wrong_tokens_total";
constexpr std::string_view wrong_help = "Requests with a wrong token.";
constexpr std::string_view bytes = "terok_gate_bytes_total";
constexpr std::string_view bytes_help = "Bytes of bodies.";

constexpr std::array metrics{
    metric{"ingester", "readers", "terok_clearance_readers", gauge,
           "Readers that are connected."},
    metric{"ingester", "lines", "terok_clearance_reader_lines_total", counts,
           "Lines of readers."},
    metric{"ingester", "repaired",
           "terok_clearance_reader_lines_repaired_total", counts,
           "Lines of readers that were repaired and taken."},
    metric{"ingester", "malformed", lines_left_out, counts, lines_left_out_help,
           "", R"(reason="malformed")"},
    metric{"ingester", "overlong", lines_left_out, counts, lines_left_out_help,
           "", R"(reason="too_long")"},
    metric{"ingester", "starved", lines_left_out, counts, lines_left_out_help,
           "", R"(reason="no_room")"},
    metric{"ingester", "unknown", lines_left_out, counts, lines_left_out_help,
           "", R"(reason="unknown_type")"},
    metric{"ingester", "foreign", lines_left_out, counts, lines_left_out_help,
           "", R"(reason="other_container")"},

    metric{"hub", "readers_refused", connections_refused, counts, refused_help,
           "", R"(socket="reader")"},
    metric{"hub", "clients_refused", connections_refused, counts, refused_help,
           "", R"(socket="clearance")"},
    metric{"hub", "bytes_held_by_readers", held, gauge, held_help, "",
           R"(socket="reader")"},
    metric{"hub", "bytes_held_by_clients", held, gauge, held_help, "",
           R"(socket="clearance")"},
    metric{"hub", "readers_denied_room", denied, counts, denied_help, "",
           R"(socket="reader")"},
    metric{"hub", "clients_denied_room", denied, counts, denied_help, "",
           R"(socket="clearance")"},

    metric{"registry", "events", "terok_clearance_events_total", counts,
           "Events that were announced."},
    metric{"registry", "events_lost", "terok_clearance_events_lost_total",
           counts, "Events that were dropped for a subscriber, one for each."},
    metric{"registry", "subscribers", "terok_clearance_subscribers", gauge,
           "Clients that follow events."},
    metric{"registry", "batches_held_back",
           "terok_clearance_batches_held_back_total", counts,
           "Batches of events that waited for a subscriber."},
    metric{"registry", "batches_not_waited_for",
           "terok_clearance_batches_not_waited_for_total", counts,
           "Of these, those that waited too long."},
    metric{"registry", "containers", "terok_clearance_containers", gauge,
           "Containers with open requests."},
    metric{"registry", "open_requests", "terok_clearance_open_requests", gauge,
           "Blocks that a verdict may name."},
    metric{"registry", "open_request_bytes",
           "terok_clearance_open_request_bytes", gauge,
           "Memory of the open requests."},
    metric{"registry", "open_requests_evicted", removed, counts, removed_help,
           "", R"(reason="limit")"},
    metric{"registry", "open_requests_without_memory", removed, counts,
           removed_help, "", R"(reason="memory")"},
    metric{"registry", "open_requests_closed_together",
           "terok_clearance_open_requests_closed_together_total", counts,
           "Open requests that the decision on another one answered."},
    metric{"registry", "verdicts_applied", verdicts, counts, verdicts_help, "",
           R"(result="applied")"},
    metric{"registry", "verdicts_failed", verdicts, counts, verdicts_help, "",
           R"(result="failed")"},
    metric{"registry", "verdicts_refused", verdicts, counts, verdicts_help, "",
           R"(result="refused")"},
    metric{"registry", "executions", "terok_clearance_executions_total", counts,
           "Verdicts that the executor was asked to execute."},
    metric{"registry", "executions_failed",
           "terok_clearance_executions_failed_total", counts,
           "Of these, those that failed."},
    metric{"registry", "execution_microseconds",
           "terok_clearance_execution_seconds_total", counts,
           "Time that the executor took, waiting for its turn included.", "",
           "", true},

    metric{"prompts", "blocks", "terok_clearance_prompt_blocks_total", counts,
           "Blocks that became prompts or were added to one."},
    metric{"prompts", "prompts", "terok_clearance_prompts", gauge,
           "Prompts that are shown, decided and gone ones included."},
    metric{"prompts", "prompts_waiting", "terok_clearance_prompts_waiting",
           gauge, "Prompts that wait for a decision."},
    metric{"prompts", "oldest_waiting_microseconds",
           "terok_clearance_prompts_waiting_oldest_seconds", gauge,
           "How long the oldest of these waits.", "", "", true, true},
    metric{"prompts", "prompts_forgotten",
           "terok_clearance_prompts_forgotten_total", counts,
           "Prompts that made room for others."},
    metric{"prompts", "blocks_without_prompt",
           "terok_clearance_blocks_without_prompt_total", counts,
           "Blocks that are in no prompt, for want of memory."},
    metric{"prompts", "prompt_bytes", "terok_clearance_prompt_bytes", gauge,
           "Memory of the prompts."},
    metric{"prompts", "operators", "terok_clearance_operators", gauge,
           "Clients that watch prompts."},
    metric{"prompts", "policy_valid", "terok_clearance_policy_valid", gauge,
           "1 if the last load of the policy succeeded, else 0."},
    metric{"prompts", "allowed_by_operators", decisions, counts, decisions_help,
           "", R"(action="allow",by="operator")"},
    metric{"prompts", "denied_by_operators", decisions, counts, decisions_help,
           "", R"(action="deny",by="operator")"},
    metric{"prompts", "allowed_by_policy", decisions, counts, decisions_help,
           "", R"(action="allow",by="policy")"},
    metric{"prompts", "left_denied_by_policy", decisions, counts,
           decisions_help, "", R"(action="deny",by="policy")"},
    metric{"prompts", "allowed_by_applications", decisions, counts,
           decisions_help, "", R"(action="allow",by="application")"},
    metric{"prompts", "denied_by_applications", decisions, counts,
           decisions_help, "", R"(action="deny",by="application")"},
    metric{"prompts", "decisions_failed",
           "terok_clearance_decisions_failed_total", counts,
           "Decisions that could not be executed."},
    metric{"prompts", "decisions_refused",
           "terok_clearance_decisions_refused_total", counts,
           "Decisions of operators that came too late or were malformed."},
    metric{"prompts", "decided_within_1_s", wait, histogram, wait_help,
           "_bucket", R"(le="1")"},
    metric{"prompts", "decided_within_10_s", wait, histogram, wait_help,
           "_bucket", R"(le="10")"},
    metric{"prompts", "decided_within_60_s", wait, histogram, wait_help,
           "_bucket", R"(le="60")"},
    metric{"prompts", "decided_within_600_s", wait, histogram, wait_help,
           "_bucket", R"(le="600")"},
    metric{"prompts", "decided_within_3600_s", wait, histogram, wait_help,
           "_bucket", R"(le="3600")"},
    metric{"prompts", "decided", wait, histogram, wait_help, "_bucket",
           R"(le="+Inf")"},
    metric{"prompts", "waited_microseconds", wait, histogram, wait_help, "_sum",
           "", true},
    metric{"prompts", "decided", wait, histogram, wait_help, "_count"},

    metric{"audit", "records_written", "terok_clearance_audit_records_total",
           counts, "Records that are in the audit trail."},
    metric{"audit", "records_waiting", "terok_clearance_audit_records_waiting",
           gauge, "Records that are not in the audit trail yet."},
    metric{"audit", "records_lost", "terok_clearance_audit_records_lost_total",
           counts, "Records that the audit trail does not have."},
    metric{"audit", "failed_writes",
           "terok_clearance_audit_failed_writes_total", counts,
           "Writes to the audit trail that failed."},

    metric{"gate", "answered_2xx", requests, counts, requests_help, "",
           R"(status="2xx")"},
    metric{"gate", "answered_3xx", requests, counts, requests_help, "",
           R"(status="3xx")"},
    metric{"gate", "answered_4xx", requests, counts, requests_help, "",
           R"(status="4xx")"},
    metric{"gate", "answered_5xx", requests, counts, requests_help, "",
           R"(status="5xx")"},
    metric{"gate", "left", requests, counts, requests_help, "",
           R"(status="none")"},
    metric{"gate", "malformed", "terok_gate_malformed_requests_total", counts,
           "Requests that were no HTTP that the gate takes."},
    metric{"gate", "turned_away", turned_away, counts, turned_away_help, "",
           R"(status="503")"},
    metric{"gate", "over_share", turned_away, counts, turned_away_help, "",
           R"(status="429")"},
    metric{"gate", "wrong_tokens", wrong, counts, wrong_help},
    metric{"gate", "running", "terok_gate_git_processes", gauge,
           "Requests that a git process serves now."},
    metric{"gate", "waiting", "terok_gate_requests_waiting", gauge,
           "Requests that wait for a git process."},
    metric{"gate", "bytes_received", bytes, counts, bytes_help, "",
           R"(direction="received")"},
    metric{"gate", "bytes_sent", bytes, counts, bytes_help, "",
           R"(direction="sent")"},
};

bool is_from(const counter& x, const metric& y) noexcept {
  return x.part == y.part && x.name == y.name;
}

struct totals {
  std::uint64_t sum = 0;
  std::uint64_t largest = 0;
};

// By part and name. A process may have a thousand containers.
using totals_map =
    std::map<std::pair<std::string_view, std::string_view>, totals>;

totals_map totals_of(std::span<const counter> values) {
  totals_map result;
  for (const auto& x : values) {
    auto& to = result[{x.part, x.name}];
    to.sum += x.value;
    to.largest = std::max(to.largest, x.value);
  }
  return result;
}

// As seconds: exact, and without a float's rounding.
std::string seconds_text(std::uint64_t microseconds) {
  auto fraction = std::to_string(1'000'000 + microseconds % 1'000'000);
  fraction[0] = '.';
  return std::to_string(microseconds / 1'000'000) + fraction;
}

void append_head(std::string& to, const metric& x) {
  to += "# HELP ";
  to += x.family;
  to += ' ';
  to += x.help;
  to += "\n# TYPE ";
  to += x.family;
  to += ' ';
  to += to_string(x.type);
  to += '\n';
}

void append_sample(std::string& to, const metric& x, std::uint64_t value) {
  to += x.family;
  to += x.suffix;
  if (!x.labels.empty()) {
    to += '{';
    to += x.labels;
    to += '}';
  }
  to += ' ';
  to += x.is_microseconds ? seconds_text(value) : std::to_string(value);
  to += '\n';
}

} // namespace

std::string_view to_string(metric_type x) noexcept {
  switch (x) {
  case metric_type::counter:
    return "counter";
  case metric_type::gauge:
    return "gauge";
  case metric_type::histogram:
    return "histogram";
  }
  return {};
}

std::span<const metric> all_metrics() noexcept {
  return metrics;
}

bool only_goes_up(const counter& x) noexcept {
  return std::any_of(metrics.begin(), metrics.end(), [&](const metric& y) {
    return is_from(x, y) && y.type != metric_type::gauge;
  });
}

std::vector<metric_sample> samples_of(std::span<const counter> values) {
  std::vector<metric_sample> result;
  const auto all = totals_of(values);
  for (const auto& each : metrics)
    if (const auto found = all.find({each.part, each.name}); found != all.end())
      result.push_back(
          {&each, each.is_largest ? found->second.largest : found->second.sum});
  return result;
}

std::string text_of_samples(std::span<const metric_sample> samples) {
  std::string result;
  std::string_view family; // that has its head
  for (const auto& each : samples) {
    if (each.what->family != family)
      append_head(result, *each.what);
    family = each.what->family;
    append_sample(result, *each.what, each.value);
  }
  return result;
}

std::string prometheus_text(std::span<const counter> values) {
  return text_of_samples(samples_of(values));
}

} // namespace clearance::protocol
