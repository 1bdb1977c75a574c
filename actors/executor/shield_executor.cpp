#include "actors/executor/shield_executor.hpp"

#include "actors/base/fault.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace clearance::actors {

namespace limits = protocol::limits;

shield_executor::shield_executor(self_type* self, shield_executor_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

shield_executor::interface::behavior_type shield_executor::make_behavior() {
  return {
      [this](protocol::shield_call& x) { return on_call(x); },
      [this](abilities_atom) { return on_abilities(); },
      [this](process_ended& x) { on_ended(x); },
  };
}

shield_executor::promise shield_executor::on_call(protocol::shield_call& x) {
  auto answer = self_->make_response_promise<protocol::shield_outcome>();
  try {
    if (auto why = refusal(x))
      deliver(answer, {false, std::move(*why)});
    else if (running_.size() < limits::shields_max)
      start(x, answer);
    else if (waiting_.size() < limits::verdicts_waiting_max)
      waiting_.push_back({std::move(x), answer,
                          self_->clock().now() + limits::shield_turn_max_wait});
    else
      refuse(answer);
  } catch (const std::exception& fault) {
    fail(answer, fault);
  }
  return answer;
}

// The memory for a program's words and environment may be denied: then this
// verdict fails, and the executor goes on.
void shield_executor::start(const protocol::shield_call& x,
                            promise answer) try {
  auto id = ++last_id_;
  process_spec spec;
  spec.program = config_.shield.first;
  spec.other_programs = config_.shield.others;
  spec.arguments = {std::string{to_string(x.action)}, x.container, x.dest};
  if (x.seconds > 0)
    spec.arguments.insert(spec.arguments.end(),
                          {"--for", std::to_string(x.seconds)});
  spec.time_limit = limits::shield_time_limit;
  spec.stderr_max_bytes = limits::shield_stderr_max_bytes;
  auto process =
      config_.io->run(id, std::move(spec), shield_executor_actor{self_});
  running_.emplace(id, running{answer, std::move(process)});
} catch (const std::exception& fault) {
  fail(answer, fault);
}

// A few are asked at a time: by the hub, or by clients of a verdict helper.
shield_executor::abilities_promise shield_executor::on_abilities() {
  auto answer = self_->make_response_promise<shield_abilities_answer>();
  try {
    if (asked_.size() >= limits::shields_max) {
      answer.deliver(shield_abilities_answer{});
      return answer;
    }
    process_spec spec;
    spec.program = config_.shield.first;
    spec.other_programs = config_.shield.others;
    spec.arguments = {"capabilities"};
    spec.time_limit = limits::shield_time_limit;
    spec.stderr_max_bytes = limits::shield_stderr_max_bytes;
    spec.keeps_stdout = true;
    const auto id = ++last_id_;
    auto process =
        config_.io->run(id, std::move(spec), shield_executor_actor{self_});
    asked_.emplace(id, asked{answer, std::move(process)});
  } catch (const std::exception&) {
    insist([&] { answer.deliver(shield_abilities_answer{}); });
  }
  return answer;
}

// An older shield ends with a usage error.
void shield_executor::abilities_ended(const process_ended& x) {
  using how = process_ended::how;
  const auto it = asked_.find(x.id);
  if (it == asked_.end())
    return;
  shield_abilities_answer result;
  result.is_known = x.what == how::exited || x.what == how::signalled;
  if (x.what == how::exited && x.code == 0)
    result.abilities = protocol::parse_shield_abilities(x.stderr_bytes);
  insist([&] { it->second.answer.deliver(result); });
  asked_.erase(it);
}

void shield_executor::on_ended(process_ended& x) {
  abilities_ended(x);
  auto it = running_.find(x.id);
  if (it == running_.end())
    return;
  try {
    deliver(it->second.answer, judge(x));
  } catch (const std::exception& fault) {
    deliver(it->second.answer,
            {x.what == process_ended::how::exited && x.code == 0,
             std::string{fault_text(fault)}});
  }
  running_.erase(it);
  start_next();
}

// Waiting calls need no timer: each running shield has a time limit, so one of
// them ends soon, and then calls that waited too long are found here.
void shield_executor::start_next() {
  auto now = self_->clock().now();
  while (!waiting_.empty() && running_.size() < limits::shields_max) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.due <= now)
      refuse(next.answer);
    else
      start(next.call, std::move(next.answer));
  }
}

void shield_executor::refuse(promise& answer) {
  deliver(answer, {false, "too many verdicts are waiting for the shield"});
}

void shield_executor::fail(promise& answer, const std::exception& fault) {
  deliver(answer, {false, "spawn failed: " + std::string{fault_text(fault)}});
}

void shield_executor::deliver(promise& answer,
                              const protocol::shield_outcome& x) {
  insist([&] { answer.deliver(x); });
}

// These texts are those of the reference, because clients show them and scripts
// search for them.
protocol::shield_outcome shield_executor::judge(const process_ended& x) const {
  using how = process_ended::how;
  auto text = protocol::trimmed_utf8(x.stderr_bytes);
  auto why = [&](std::string otherwise) {
    return protocol::shield_outcome{false, text.empty() ? std::move(otherwise)
                                                        : std::move(text)};
  };
  switch (x.what) {
  case how::exited:
    if (x.code == 0)
      return {true, std::move(text)};
    return why("exited with status " + std::to_string(x.code));
  case how::signalled:
    return why("killed by signal " + std::to_string(x.code));
  case how::timed_out:
    return {false, "timed out after 10.0s"};
  case how::not_found:
    if (config_.shield.first.find('/') == std::string::npos)
      return {false, config_.shield.first + " not found on PATH"};
    return {false, "spawn failed: " + config_.shield.first + " not found"};
  case how::not_spawned:
    return {false, "spawn failed: " + protocol::error_text(x.code)};
  }
  return {};
}

static_assert(limits::shield_time_limit == std::chrono::seconds{10},
              "the text of a time-out names the limit");
static_assert(limits::shield_turn_max_wait + limits::shield_time_limit
                  < limits::executor_deadline,
              "a verdict that the registry gave up would be run");

shield_executor_actor spawn_shield_executor(io_host& io,
                                            shield_executor_config config) {
  return spawn_hosted<shield_executor>(io, std::move(config));
}

} // namespace clearance::actors
