#include "actors/operator/audit_trail.hpp"

#include "actors/base/fault.hpp"
#include "protocol/operator/limits.hpp"

#include <caf/send.hpp>

#include <mutex>
#include <utility>

namespace clearance::actors {

namespace {

using protocol::audit_event;

// A client can cause these as often as it likes.
bool is_limited(audit_event x) noexcept {
  return x == audit_event::refusal || x == audit_event::operator_came
         || x == audit_event::operator_went;
}

} // namespace

struct audit_trail::link {
  std::mutex mutex;
  interface to; // null: the actor has ended

  template <class T>
  void send(T x) noexcept {
    if_memory_allows([&] {
      const std::lock_guard guard{mutex};
      if (to)
        caf::anon_send(to, std::move(x));
    });
  }
};

audit_trail::audit_trail(self_type* self, audit_trail_config config)
    : self_(self),
      config_(std::move(config)),
      link_(std::make_shared<link>()),
      limiter_(protocol::operator_limits::audit_limited_records_max),
      shown_(show_counters(config_.board, [this](protocol::counter_list& to) {
        config_.sink->add_counters(to);
      })) {
  // nop
}

audit_trail::~audit_trail() {
  config_.sink->follow(nullptr);
  if (const auto n = limiter_.take_withheld(); n > 0) {
    protocol::audit_record rest;
    rest.event = audit_event::refusal;
    rest.text = "more refusals, or clients that came and went";
    rest.count = n;
    config_.sink->add(std::move(rest), nullptr);
  }
  const std::lock_guard guard{link_->mutex};
  link_->to = nullptr;
}

audit_trail::interface::behavior_type audit_trail::make_behavior() {
  self_->link_to(config_.hub);
  link_->to = interface { self_ };
  config_.sink->follow(
      [to = link_](const std::string& text) { to->send(audit_state{text}); });
  return {
      [this](audit_note& x) { if_memory_allows([&] { on_note(x); }); },
      [this](audit_first& x) { return on_first(x); },
      [this](const audit_follow& x) {
        if_memory_allows([&] { on_follow(x); });
      },
      [this](report_atom) {
        if_memory_allows([this] { config_.sink->report(); });
      },
      [this](const audit_written& x) { on_written(x); },
      [this](const audit_state& x) { on_state(x); },
      [this](const past_decisions& x) {
        if (prompts_)
          insist([&] { self_->send(prompts_, x); });
      },
  };
}

// Where memory is denied the prompts know of no past after a while.
void audit_trail::on_follow(const audit_follow& x) {
  prompts_ = x.from;
  self_->send(prompts_, audit_state{state_});
  config_.sink->read_past(
      [to = link_](std::vector<protocol::decision> decisions) {
        to->send(past_decisions{
            std::make_shared<const std::vector<protocol::decision>>(
                std::move(decisions))});
      });
}

void audit_trail::on_note(audit_note& x) {
  auto& record = x.record;
  if (is_limited(record.event)) {
    if (!limiter_.allow(self_->clock().now()))
      return;
    record.count = limiter_.take_withheld();
  }
  config_.sink->add(std::move(record), nullptr);
}

// An exception leaves the promise without an answer; whoever asked has a limit.
audit_trail::done_promise audit_trail::on_first(audit_first& x) {
  auto promise = self_->make_response_promise<audit_done>();
  if_memory_allows([&] {
    const auto ticket = ++next_ticket_;
    waiting_.emplace(ticket, promise);
    config_.sink->add(std::move(x.record),
                      [to = link_, ticket](const std::string& why) {
                        to->send(audit_written{ticket, why});
                      });
  });
  return promise;
}

void audit_trail::on_written(const audit_written& x) {
  const auto found = waiting_.find(x.ticket);
  if (found == waiting_.end())
    return;
  auto promise = found->second;
  waiting_.erase(found);
  insist([&] { promise.deliver(audit_done{x.why}); });
}

void audit_trail::on_state(const audit_state& x) {
  state_ = x.text;
  if (prompts_)
    self_->send(prompts_, x);
}

audit_trail_actor spawn_audit_trail(io_host& io, audit_trail_config config) {
  return spawn_hosted<audit_trail>(io, std::move(config));
}

} // namespace clearance::actors
