#include "actors/gate/upkeep.hpp"

#include "actors/base/log.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace clearance::actors {

namespace gate_limits = protocol::gate_limits;

namespace {

// What stands before a line that tells what was done. Other lines are warnings.
// Source: services/gate/hooks/tend.cpp.
constexpr std::string_view done_mark = "done: ";

void log_tended(std::string_view line) {
  const bool good = line.starts_with(done_mark);
  if (good)
    line.remove_prefix(done_mark.size());
  log(good ? severity::info : severity::warning, upkeep::name,
      good ? "tended a repository" : "a repository needs attention",
      {{"what", protocol::escaped(line)}});
}

std::string end_of_tending(const process_ended& x) {
  switch (x.what) {
  case process_ended::how::exited:
    return "it ended with exit code " + std::to_string(x.code);
  case process_ended::how::signalled:
    return "signal " + std::to_string(x.code) + " ended it";
  case process_ended::how::timed_out:
    return "it takes very long; it goes on alone";
  case process_ended::how::not_found:
    return "there is no such program";
  case process_ended::how::not_spawned:
    return "it could not be started, errno " + std::to_string(x.code);
  }
  return {};
}

} // namespace

upkeep::upkeep(self_type* self, upkeep_config config)
    : self_(self), config_(std::move(config)) {
  const auto now = self_->clock().now();
  idle_since_ = now;
  due_at_ = now + gate_limits::upkeep_interval;
}

upkeep::interface::behavior_type upkeep::make_behavior() {
  if (config_.plan.at_start)
    start();
  watch_clock();
  return {
      [this](idle_atom, bool idle) { on_idle(idle); },
      [this](pushed_atom) {
        due_at_ = std::min(due_at_, self_->clock().now());
        watch_clock();
      },
      [this](const new_grants& x) { config_.grants = x.value; },
      [this](tick_atom) { on_tick(); },
      [this](const process_ended& x) { on_ended(x); },
      [this](stop_atom) { on_stop(); },
  };
}

void upkeep::on_idle(bool idle) {
  if (!idle)
    idle_since_.reset();
  else if (!idle_since_)
    idle_since_ = self_->clock().now();
  watch_clock();
}

// A tick may come too early: a request may have come and gone meanwhile.
void upkeep::on_tick() {
  tick_at_ = time_point::max();
  const auto now = self_->clock().now();
  if (!stopping_ && !run_ && idle_since_ && due_at_ <= now
      && *idle_since_ + gate_limits::upkeep_idle_time <= now)
    start();
  watch_clock();
}

// One tick is on its way at a time, or several when a later one was asked for
// first; each looks at the clock.
void upkeep::watch_clock() {
  if (run_ || stopping_ || !idle_since_)
    return;
  const auto now = self_->clock().now();
  const auto at =
      std::max({now, due_at_, *idle_since_ + gate_limits::upkeep_idle_time});
  if (tick_at_ <= at)
    return;
  tick_at_ = at;
  self_->delayed_send(self_, at - now, tick_atom::value);
}

void upkeep::start() {
  process_spec spec;
  spec.program = config_.plan.program;
  spec.arguments = {"tend", config_.plan.mirror_root};
  std::set<std::string> scopes;
  for (const auto& x : *config_.grants)
    scopes.insert(x.scope);
  spec.arguments.insert(spec.arguments.end(), scopes.begin(), scopes.end());
  if (!config_.plan.backup_days.empty())
    spec.arguments.push_back("--backup-days=" + config_.plan.backup_days);
  spec.time_limit = gate_limits::upkeep_wait_max;
  spec.stderr_max_bytes = gate_limits::upkeep_log_max_bytes;
  due_at_ = self_->clock().now() + gate_limits::upkeep_interval;
  if (scopes.empty())
    return;
  run_ = config_.io->run(++last_id_, std::move(spec),
                         process_owner{interface{self_}});
}

void upkeep::on_ended(const process_ended& x) {
  run_.reset();
  std::string_view lines = x.stderr_bytes;
  const bool failed = x.what != process_ended::how::exited || x.code != 0;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (end > 0)
      log_tended(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  if (failed)
    log(severity::warning, name,
        "the repositories were not tended: expired backups stay, and refs are "
        "not packed. It is tried again after the next push",
        {{"program", protocol::escaped(config_.plan.program)},
         {"why", end_of_tending(x)}});
  if (stopping_)
    return self_->quit();
  watch_clock();
}

void upkeep::on_stop() {
  stopping_ = true;
  if (!run_)
    self_->quit();
}

upkeep_actor spawn_upkeep(io_host& io, upkeep_config config) {
  return spawn_hosted<upkeep>(io, std::move(config));
}

} // namespace clearance::actors
