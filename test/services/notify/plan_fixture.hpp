/// A plan of notifications with a hub and a server that the test steps.
#pragma once

#include "services/notify/notification_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace clearance::test {

using namespace std::chrono_literals;
using services::notification_call;
using services::notification_choice;
using services::notification_close;
using services::notification_plan;
using services::notification_show;
using services::time_point;

inline protocol::listed_prompt waiting(const std::string& id,
                                       const std::string& container,
                                       const std::string& target) {
  protocol::listed_prompt x;
  x.id = id;
  x.revision = 1;
  x.container = container;
  x.target = x.domain = target;
  x.dest = "203.0.113.7";
  x.addresses = {x.dest};
  x.ports = {443};
  x.count = 2;
  x.opens = "An allow opens everything of it.";
  return x;
}

struct plan_fixture {
  explicit plan_fixture(notification_choice choice = {}) : plan(choice) {
    list.add_hub("h");
    list.connected("h");
    protocol::watch_reply nothing;
    nothing.complete = true;
    list.apply("h", nothing);
    plan.server_came({true, true});
  }

  void put(protocol::listed_prompt x) {
    protocol::watch_reply reply;
    reply.prompt = std::move(x);
    list.apply("h", std::move(reply));
    plan.update(list);
  }
  void remove(const std::string& id) {
    protocol::watch_reply reply;
    reply.removed = {id};
    list.apply("h", std::move(reply));
    plan.update(list);
  }
  void decide(protocol::listed_prompt x, const std::string& who) {
    x.state = protocol::prompt_state::decided;
    x.decision.emplace();
    x.decision->action = protocol::action::deny;
    x.decision->result = protocol::decision_result::applied;
    x.decision->by.uid = 1000;
    x.decision->by.name = who;
    put(std::move(x));
  }

  /// The calls that are due now. The server answers each Notify.
  std::vector<notification_call> step() {
    auto calls = plan.calls(now);
    for (const auto& x : calls) {
      if (const auto* show = std::get_if<notification_show>(&x)) {
        const auto id = show->replaces != 0 ? show->replaces : ++last_id;
        plan.shown(show->tag, id);
        shows.push_back(*show);
        ids.push_back(id);
      } else {
        closes.push_back(std::get<notification_close>(x).id);
      }
    }
    return calls;
  }

  /// Everything that is due within `time`.
  void run(std::chrono::milliseconds time) {
    const auto end = now + time;
    for (;;) {
      step();
      const auto next = plan.due();
      if (!next || *next > end)
        break;
      CHECK(*next > now); // it does not spin
      now = std::max(now, *next);
    }
    now = end;
  }

  const notification_show& last() const { return shows.back(); }

  std::vector<std::string> labels() const {
    std::vector<std::string> result;
    for (const auto& [key, label] : last().actions)
      result.push_back(key == "default" ? "(" + label + ")" : label);
    return result;
  }
  std::string key_of(const std::string& label) const {
    for (const auto& [key, each] : last().actions)
      if (each == label)
        return key;
    return {};
  }

  protocol::prompt_list list;
  notification_plan plan;
  time_point now = time_point{} + 1h;
  std::vector<notification_show> shows;
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> closes;
  std::uint32_t last_id = 0;
};

} // namespace clearance::test
