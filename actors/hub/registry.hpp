/// The registry: knows all open requests and subscribers, announces events and
/// checks verdicts.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/base/pending_answers.hpp"
#include "actors/hub/messages.hpp"
#include "actors/hub/news_box.hpp"
#include "protocol/hub/authorisation.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace clearance::actors {

struct registry_config {
  executor_actor executor;
  caf::actor_addr hub; ///< linked: both end together
  protocol::authorisation_limits limits;
  audit_place audit = {};
  counter_board_ptr board = nullptr;
};

/// Makes open requests of announced blocks, sends all events to all
/// subscribers, checks the clients' verdicts and has them executed. See
/// registry.cpp.
class registry {
public:
  static inline const char* name = "registry";
  using interface = registry_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<registry>;

  registry(self_type* self, registry_config config);
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  interface::behavior_type make_behavior();

private:
  using verdict_promise =
      caf::typed_response_promise<protocol::verdict_outcome>;
  using execute_promise = caf::typed_response_promise<executed>;

  using answer_promise = caf::typed_response_promise<operator_answer>;
  using page_promise = caf::typed_response_promise<replay_page>;

  struct member {
    subscriber_actor handle;
    std::shared_ptr<queue_status> queue;
    pid_t pid = 0; // of the client
  };

  /// A reader's batch that is held back: it would push events out of the queue
  /// of a subscriber that makes progress.
  struct held_batch {
    announce what;
    ingester_actor from;
    protocol::time_point since;

    protocol::time_point deadline() const noexcept {
      return since + what.max_pause;
    }
  };

  void on_announce(announce& x);
  verdict_promise on_verdict(const verdict& x);
  execute_promise on_execute(const actors::execute& x);
  requests_closed on_close(const close_requests& x);
  void on_subscribe(const subscribe& x);
  answer_promise on_losses_of(const losses_of& x);
  page_promise on_replay(const replay& x);
  void on_room();
  void on_tick();
  void on_down(const caf::actor_addr& who);
  void on_report() const;
  void add_counters(protocol::counter_list& to) const;

  bool fits(const event_batch& events);
  bool calm() const;
  void announce_now(const announce& x, const ingester_actor& from,
                    protocol::time_point now, protocol::duration waited);
  void bind_all(const event_batch& events, protocol::time_point now);
  protocol::bound_request bind(const event_ptr& x,
                               protocol::coming_block& coming,
                               protocol::time_point now);
  void on_evicted(std::string_view container, std::size_t requests,
                  protocol::time_point now);
  void fan_out(const event_batch_ptr& events);
  void lose(const member& x, std::size_t events);
  void hold_back(announce& x, const ingester_actor& from,
                 protocol::time_point now);
  void announce_what_fits(protocol::time_point now, protocol::time_point due);
  void watch_clock(protocol::time_point now);
  void execute(const verdict& x, const protocol::authorisation_map::cited& what,
               const verdict_promise& promise);
  void end_unexecuted(const verdict& x, verdict_promise promise);
  void refuse(const verdict& x, const protocol::verdict_outcome& why);
  void settled(const verdict& x, const protocol::authorisation_map::cited& what,
               const protocol::shield_outcome& result, verdict_promise promise);
  /// All of settled() but the answer to whoever asked.
  void conclude(const verdict& x,
                const protocol::authorisation_map::cited& what,
                const protocol::shield_outcome& result);
  void announce_applied(const std::string& container,
                        const std::string& request_id, protocol::action action,
                        bool ok);
  replay_page page_of(const replay& x);
  void remove(const caf::actor_addr& who);

  // See registry_turns.cpp.
  struct checked_verdict;
  using checked_verdict_ptr = std::shared_ptr<const checked_verdict>;

  /// A verdict whose open request is in flight.
  struct checked_verdict {
    verdict asked;
    protocol::authorisation_map::cited what;
    protocol::time_point since;
    bool is_alone = false; ///< a decision about a prompt
    /// It was executed. Null: its open request ended while it waited, and it
    /// is not executed.
    std::function<void(const checked_verdict&, const protocol::shield_outcome*)>
        end;
  };

  /// The verdicts on one container and target.
  struct turn_line {
    std::size_t running = 0;
    protocol::action action = protocol::action::deny; // of those
    bool is_alone = false;                            // of the one that runs
    bool is_moving = false;                           // see move_on()
    std::list<checked_verdict_ptr> waiting;           // the oldest first

    /// Whether `x` may run beside those that run.
    bool has_turn(const checked_verdict& x) const noexcept;
  };
  using turn_lines = std::map<std::string, turn_line>;

  void take_turn(const checked_verdict_ptr& x);
  void start_turn(turn_lines::iterator at, const checked_verdict_ptr& x);
  void end_turn(turn_lines::iterator at, const checked_verdict& x,
                const protocol::shield_outcome& result);
  void move_on(turn_lines::iterator at);
  void close_waiting(turn_line& line, protocol::action applied);

  // See registry_audit.cpp.
  using settle_function = std::function<void(const protocol::shield_outcome&)>;
  void run(const verdict& x, const protocol::authorisation_map::cited& what,
           const settle_function& settle);
  void run_recorded(const protocol::authorisation_map::cited& what,
                    const settle_function& settle);
  void call_executor(const protocol::shield_call& call, std::uint64_t number);
  void watch_executions(protocol::time_point now);
  void count_execution(protocol::duration time, bool ok) noexcept;
  void record_result(const verdict& x,
                     const protocol::authorisation_map::cited& what,
                     const protocol::shield_outcome& result);
  void record_refusal(const verdict& x, std::string_view why);

  // See registry_operators.cpp.
  void on_attend(const attend& x);
  void wake_operators() noexcept;
  void tell_executed(const verdict& x,
                     const protocol::authorisation_map::cited& what,
                     const protocol::shield_outcome& result);
  log_limiter& denials_of(const verdict& x);

  self_type* self_;
  executor_actor executor_;
  caf::actor_addr hub_;
  audit_place audit_;
  operators_actor operators_; // null: nobody is told what happens
  news_box_ptr news_;         // as operators_

  protocol::authorisation_map map_;
  // Of the batch that is being announced.
  std::array<protocol::coming_block, protocol::limits::reader_batch_max_events>
      coming_;
  /// Open requests that made room and that no line of the log speaks of, and
  /// when the last line did.
  std::uint64_t evictions_untold_ = 0;
  std::optional<protocol::time_point> evictions_told_;
  std::uint64_t without_memory_told_ = 0;
  log_limiter losses_;  // of events that memory was denied to
  log_limiter denials_; // for verdicts that come without a limiter
  std::vector<member> members_;
  pending_answers<protocol::shield_outcome> executions_;
  protocol::time_point execution_tick_ = protocol::time_point::max();
  turn_lines turns_; // by container and target
  std::size_t turns_waiting_ = 0;

  /// Oldest first. A batch of another reader does not wait behind these: if it
  /// fits, it is announced at once.
  std::vector<held_batch> held_;
  protocol::time_point next_tick_ = protocol::time_point::max();
  std::optional<protocol::time_point> look_;

  struct {
    std::uint64_t events = 0;
    std::uint64_t held_back = 0;
    std::uint64_t gave_up_waiting = 0;
    std::uint64_t verdicts_ok = 0;
    std::uint64_t verdicts_failed = 0;
    std::uint64_t verdicts_refused = 0;
    std::uint64_t requests_closed = 0;
    std::uint64_t executions = 0;
    std::uint64_t executions_failed = 0;
    std::uint64_t execution_microseconds = 0;
    // dropped events of subscribers that have left
    std::uint64_t lost_by_the_gone = 0;
  } counters_;
  counter_board::place shown_; // the last member, because it asks us
};

/// Runs on the I/O thread.
registry_actor spawn_registry(io_host& io, registry_config config);

} // namespace clearance::actors
