// A call takes an idle connection of the pool, or a new one. If there is none,
// it waits:
//
//   waiting --> line: write --> sent --> reply --> answered, line idle
//                       |         |
//     no byte written:  |         | any byte written: the helper may have
//     once more, on a   |         | begun, so the verdict fails; no verdict
//     new connection    |         | may run twice
//
// Idle connections are read, too: so a connection that the helper closed is
// noticed before it is used. A call that waited too long for a connection fails
// and is not sent. The deadline of the answer counts from the moment when the
// call has a connection, so that no call is sent that is given up at once.
//
// Memory that is denied fails the call that needed it, and closes the
// connection that the call is on.

#include "actors/executor/helper_executor.hpp"

#include "actors/base/error.hpp"
#include "actors/base/fault.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"
#include "protocol/varlink/message.hpp"
#include "protocol/varlink/shield.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clearance::actors {

namespace limits = protocol::limits;
namespace varlink = protocol::varlink;

namespace {

// The helper cuts its stderr itself, by bytes, before it makes them UTF-8; that
// can turn one ill-formed byte into three. A helper that sends more than this
// is not ours; the text is cut.
std::string cut(std::string_view stderr_text) {
  return protocol::trimmed_utf8(
      stderr_text.substr(0, 3 * limits::shield_stderr_max_bytes));
}

} // namespace

helper_executor::helper_executor(self_type* self, helper_executor_config config)
    : self_(self), config_(std::move(config)) {
  lines_.reserve(limits::helper_connections_max);
}

helper_executor::~helper_executor() {
  for (auto& x : lines_)
    x->connection->close();
}

helper_executor::interface::behavior_type helper_executor::make_behavior() {
  return {
      [this](const protocol::shield_call& x) { return on_call(x); },
      [this](abilities_atom) { return on_abilities(); },
      [this](const received& x) { on_received(x); },
      [this](const writable& x) { on_writable(x); },
      [](const hung_up&) { /* not watched: idle lines are read */ },
      [this](tick_atom) { on_tick(); },
  };
}

helper_executor::promise
helper_executor::on_call(const protocol::shield_call& x) {
  auto answer = self_->make_response_promise<protocol::shield_outcome>();
  if (waiting_.size() >= limits::verdicts_waiting_max) {
    insist([&] {
      answer.deliver(protocol::shield_outcome{
          false, "too many verdicts are waiting for the verdict helper"});
    });
    return answer;
  }
  pending_call call;
  call.answer = answer;
  try {
    varlink::append_apply_call(call.message, x);
    enqueue(call);
  } catch (const std::exception& fault) {
    fail(call, fault_text(fault));
    return answer;
  }
  assign();
  return answer;
}

helper_executor::abilities_promise helper_executor::on_abilities() {
  auto answer = self_->make_response_promise<shield_abilities_answer>();
  pending_call call;
  call.answer = answer;
  if (waiting_.size() >= limits::verdicts_waiting_max) {
    fail(call, {});
    return answer;
  }
  try {
    varlink::append_abilities_call(call.message);
    enqueue(call);
  } catch (const std::exception& fault) {
    fail(call, fault_text(fault));
    return answer;
  }
  assign();
  return answer;
}

void helper_executor::enqueue(const pending_call& x) {
  waiting_.push_back(x);
  waiting_.back().id = ++last_call_;
  waiting_.back().due = self_->clock().now() + limits::shield_turn_max_wait;
}

// Gives connections to waiting calls as long as there are any, and sets the
// timer for the next deadline.
void helper_executor::assign() {
  while (!waiting_.empty() && place(waiting_.front()))
    waiting_.pop_front();
  watch_clock();
}

// True if the call has a connection now, or failed because connecting failed.
bool helper_executor::place(pending_call& x) try {
  auto idle = std::find_if(lines_.begin(), lines_.end(),
                           [](auto& y) { return y->call.id == 0; });
  if (idle == lines_.end()) {
    if (lines_.size() >= limits::helper_connections_max)
      return false;
    auto fresh = std::make_unique<line>();
    std::string why;
    if (!dial(*fresh, why)) {
      fail(x, why);
      return true;
    }
    lines_.push_back(std::move(fresh));
    idle = lines_.end() - 1;
  } else {
    (*idle)->fresh = false;
  }
  (*idle)->call = std::move(x);
  (*idle)->call.due = self_->clock().now() + limits::helper_deadline;
  (*idle)->sent = 0;
  write(**idle);
  return true;
} catch (const std::exception& fault) { // the call has no connection yet
  fail(x, fault_text(fault));
  return true;
}

bool helper_executor::dial(line& x, std::string& why) {
  auto result = config_.io->dial(config_.path, framing::varlink);
  if (!result) {
    why = what(result.error());
    return false;
  }
  x.connection = std::move(*result);
  x.fresh = true;
  x.connection->own(helper_executor_actor{self_});
  try {
    x.connection->read();
  } catch (const std::exception& fault) {
    x.connection->close();
    why = fault_text(fault);
    return false;
  }
  return true;
}

void helper_executor::write(line& x) {
  std::array<std::string_view, 1> pieces{
      std::string_view{x.call.message}.substr(x.sent)};
  auto result = x.connection->write(pieces);
  x.sent += result.bytes;
  if (result.broken) {
    lost(x, "the connection broke");
    return;
  }
  if (x.sent == x.call.message.size())
    return;
  try {
    x.connection->await_writable();
  } catch (const std::exception& fault) {
    lost(x, fault_text(fault));
  }
}

void helper_executor::on_received(const received& x) {
  auto which = find(x.from);
  if (which == nullptr)
    return;
  for (std::size_t i = 0; x.frames && i < x.frames->size(); ++i) {
    if (which->call.id == 0 || which->sent < which->call.message.size()) {
      lost(*which, "it sent a reply to no call");
      assign();
      return;
    }
    answered(*which, x.frames->at(i), x.frames->capacity_at(i));
  }
  if (x.end == stream_end::none)
    read_on(*which);
  else
    lost(*which, "it closed the connection");
  assign();
}

void helper_executor::read_on(line& x) {
  try {
    x.connection->read();
  } catch (const std::exception& fault) {
    lost(x, fault_text(fault));
  }
}

void helper_executor::answered(line& x, std::string_view message,
                               std::size_t capacity) {
  auto call = std::exchange(x.call, {});
  try {
    answer(call, message, capacity);
  } catch (const std::exception& fault) {
    fail(call, fault_text(fault));
  }
}

void helper_executor::answer(pending_call& call, std::string_view message,
                             std::size_t capacity) {
  auto parsed = varlink::parse_reply(message, capacity);
  auto reply = std::get_if<varlink::reply>(&parsed);
  if (reply == nullptr) {
    fail(call, "its reply is not varlink");
    return;
  }
  // An older helper does not know the interface: its shield has no abilities.
  if (auto* to = std::get_if<abilities_promise>(&call.answer)) {
    insist([&] {
      to->deliver(
          shield_abilities_answer{true, varlink::abilities_of(*reply).value_or(
                                            protocol::shield_abilities{})});
    });
    return;
  }
  answer_apply(call, *reply);
}

void helper_executor::answer_apply(pending_call& call,
                                   const varlink::reply& reply) {
  if (!reply.error.empty()) {
    fail(call, "it answered " + reply.error);
    return;
  }
  protocol::shield_outcome outcome;
  auto said = false;
  for (const auto& y : reply.parameters) {
    if (y.name == "ok" && y.type == varlink::parameter::kind::boolean) {
      said = true;
      outcome.ok = y.text == "true";
    } else if (y.name == "stderr") {
      outcome.stderr_text = cut(y.text);
    }
  }
  if (!said) {
    fail(call, "its reply has no ok");
    return;
  }
  insist([&] { std::get<promise>(call.answer).deliver(outcome); });
}

// Removes the broken connection. A call of which no byte was written is tried
// once more, on a new connection, unless the broken connection was opened for
// this call.
void helper_executor::lost(line& x, std::string_view why) {
  auto call = std::exchange(x.call, {});
  auto again = call.id != 0 && x.sent == 0 && !x.fresh;
  remove(x);
  if (call.id == 0)
    return;
  if (again)
    repeat(call);
  else
    fail(call, why);
}

void helper_executor::repeat(pending_call& call) {
  try {
    auto fresh = std::make_unique<line>();
    std::string why;
    if (!dial(*fresh, why)) {
      fail(call, why);
      return;
    }
    lines_.push_back(std::move(fresh));
  } catch (const std::exception& fault) {
    fail(call, fault_text(fault));
    return;
  }
  auto& second = *lines_.back();
  second.call = std::move(call);
  write(second);
}

void helper_executor::on_writable(const writable& x) {
  auto which = find(x.from);
  if (which == nullptr || which->call.id == 0)
    return;
  write(*which);
  assign(); // the connection may have broken and made room for a new one
}

// The waiting calls are ordered by deadline, because the calls came in that
// order.
void helper_executor::on_tick() {
  auto now = self_->clock().now();
  if (now < next_tick_)
    return;
  next_tick_ = protocol::time_point::max();
  auto late = [&](const pending_call& x) { return x.id != 0 && x.due <= now; };
  while (!waiting_.empty() && late(waiting_.front())) {
    fail(waiting_.front(), "all connections to it were busy for too long");
    waiting_.pop_front();
  }
  std::erase_if(lines_, [&](auto& x) {
    if (!late(x->call))
      return false;
    // The answer may still come, so the connection cannot be used for another
    // call.
    x->connection->close();
    fail(x->call, "it did not answer in time");
    return true;
  });
  assign();
}

// Sets one timer for the earliest deadline. An earlier timer is not cancelled:
// its tick comes too early and does nothing.
void helper_executor::watch_clock() {
  auto due =
      waiting_.empty() ? protocol::time_point::max() : waiting_.front().due;
  for (auto& x : lines_)
    if (x->call.id != 0)
      due = std::min(due, x->call.due);
  if (due >= next_tick_)
    return;
  insist([&] {
    self_->delayed_send(self_, due - self_->clock().now(), tick_atom::value);
  });
  next_tick_ = due;
}

void helper_executor::fail(pending_call& x, std::string_view why) {
  if (auto* to = std::get_if<abilities_promise>(&x.answer)) {
    insist([&] { to->deliver(shield_abilities_answer{}); });
    return;
  }
  insist([&] {
    std::get<promise>(x.answer).deliver(protocol::shield_outcome{
        false, "verdict helper unreachable: " + std::string{why}});
  });
}

helper_executor::line* helper_executor::find(connection_id id) {
  for (auto& x : lines_)
    if (x->connection->id() == id)
      return x.get();
  return nullptr;
}

void helper_executor::remove(line& x) {
  x.connection->close();
  std::erase_if(lines_, [&](auto& y) { return y.get() == &x; });
}

helper_executor_actor spawn_helper_executor(io_host& io,
                                            helper_executor_config config) {
  return spawn_hosted<helper_executor>(io, std::move(config));
}

} // namespace clearance::actors
