/// Executes verdicts by running the shield.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/executor/messages.hpp"
#include "protocol/base/time.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <unordered_map>
#include <vector>

namespace clearance::actors {

/// What is run as the shield: the first of these programs that is there when a
/// verdict is executed. Each is a path, or a name that is looked for beside our
/// executable and on PATH.
struct shield_names {
  std::string first = "terok-shield";
  std::vector<std::string> others = {};
};

struct shield_executor_config {
  io_host* io = nullptr;
  shield_names shield = {};
};

/// The executor's interface, and the end of a child process.
using shield_executor_actor =
    executor_actor::extend<caf::reacts_to<process_ended>>;

/// Runs `terok-shield ACTION CONTAINER DEST [--for SECONDS]`, at most
/// limits::shields_max at a time. At most limits::verdicts_waiting_max calls
/// wait, each for at most limits::shield_turn_max_wait; after that they fail.
/// When the actor ends it kills the running shields.
class shield_executor {
public:
  static inline const char* name = "shield_executor";
  using interface = shield_executor_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<shield_executor>;

  shield_executor(self_type* self, shield_executor_config config);
  shield_executor(const shield_executor&) = delete;
  shield_executor& operator=(const shield_executor&) = delete;

  interface::behavior_type make_behavior();

private:
  using promise = caf::typed_response_promise<protocol::shield_outcome>;
  using abilities_promise =
      caf::typed_response_promise<shield_abilities_answer>;

  struct waiting {
    protocol::shield_call call;
    promise answer;
    protocol::time_point due;
  };

  struct running {
    promise answer;
    process_ptr process;
  };

  /// A shield that was asked what it can do.
  struct asked {
    abilities_promise answer;
    process_ptr process;
  };

  promise on_call(protocol::shield_call& x);
  abilities_promise on_abilities();
  void on_ended(process_ended& x);
  void abilities_ended(const process_ended& x);
  void start(const protocol::shield_call& x, promise answer);
  void start_next();
  static void refuse(promise& answer);
  static void fail(promise& answer, const std::exception& fault);
  static void deliver(promise& answer, const protocol::shield_outcome& x);
  protocol::shield_outcome judge(const process_ended& x) const;

  self_type* self_;
  shield_executor_config config_;
  process_id last_id_ = 0;
  std::unordered_map<process_id, running> running_;
  std::unordered_map<process_id, asked> asked_;
  std::deque<waiting> waiting_;
};

/// Runs on the I/O thread.
shield_executor_actor spawn_shield_executor(io_host& io,
                                            shield_executor_config config);

} // namespace clearance::actors
