/// The actor that keeps a hub's prompts: what operators are asked.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/pending_answers.hpp"
#include "actors/base/wall_clock.hpp"
#include "actors/hub/messages.hpp"
#include "actors/hub/news_box.hpp"
#include "actors/operator/automatic_queue.hpp"
#include "actors/operator/messages.hpp"
#include "protocol/operator/policy.hpp"
#include "protocol/operator/prompt_feed.hpp"
#include "protocol/operator/prompt_table.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::actors {

struct prompts_config {
  io_host* io = nullptr;
  registry_actor registry;
  executor_actor executor; ///< is asked what the shield can do
  caf::actor_addr hub;     ///< linked: both end together
  audit_place audit = {};
  std::string id = "hub"; ///< what operators see as the hub's name
  /// Begins every id of a prompt; empty: a random one.
  std::string boot = {};
  protocol::prompt_limits limits = {};
  std::function<std::int64_t()> wall_clock = wall_clock_now;
  counter_board_ptr board = nullptr;
};

/// What the ids of a hub's prompts begin with: random, so that two starts of a
/// hub have different ones.
std::string new_boot_id();

/// Who sent a call or a verdict. `label` is what the client says of itself.
protocol::decider decider_of(const peer& x, std::string label);

/// Folds the registry's blocks into prompts, sends them to the clients that
/// watch, and has the registry execute what operators decide. It keeps no open
/// request: the registry executes what it is named, or says that it is gone.
/// While nobody looks it folds many blocks together. See prompts.cpp.
class prompts {
public:
  static inline const char* name = "prompts";
  using interface = prompts_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<prompts>;

  prompts(self_type* self, prompts_config config);
  prompts(const prompts&) = delete;
  prompts& operator=(const prompts&) = delete;
  ~prompts();

  interface::behavior_type make_behavior();

private:
  /// Waits that the metrics tell apart.
  static constexpr std::array<std::pair<std::int64_t, std::string_view>, 5>
      waits{{{1, "decided_within_1_s"},
             {10, "decided_within_10_s"},
             {60, "decided_within_60_s"},
             {600, "decided_within_600_s"},
             {3600, "decided_within_3600_s"}}};

  using answer_promise = caf::typed_response_promise<operator_answer>;

  /// Notes which prompts the policy has to look at again.
  class news_of_prompts : public protocol::prompt_observer {
  public:
    void changed(const protocol::prompt& x, bool is_urgent) override;
    void removed(std::uint64_t) override {
      // nop: a prompt that is gone is not found
    }
    /// All that wait.
    void add_all(const protocol::prompt_table& of);
    std::deque<std::uint64_t> numbers;
    bool has_missed = false; ///< memory was denied to a number
    bool is_on = false;      ///< false: no policy could say anything but "ask"
  };

  /// A client that watches.
  struct watcher {
    operator_session_actor handle;
    std::unique_ptr<protocol::prompt_feed> feed;
    bool wants = false; ///< it has written all that it was sent
    protocol::time_point sent_at;
    bool attends = false;
    protocol::decider who; ///< with what the client says of itself
  };

  void catch_up(std::uint64_t until = news_box::all);
  void on_batch(const news_box::batch& x);
  void on_executed(const verdict_executed& x);
  answer_promise on_question(operator_question& x);
  void on_watching(const watching& x);
  void on_policy(const policy_loaded& x);
  void ask_shield(std::function<void()> then = nullptr);
  void on_abilities(const shield_abilities_answer& x);
  void on_pull(const pull& x);
  void on_tick();
  void remind_of_policy();
  void on_down(const caf::actor_addr& who);
  void on_report();
  void add_counters(protocol::counter_list& to) const;
  std::uint64_t oldest_wait() const;

  void fold(const announced_event& x, const protocol::bound_request& bound,
            protocol::prompt_time at);
  void tell_event(const announced_event& x, protocol::prompt_time at);

  // Each gives the answer or keeps the promise until there is one.
  std::string answer(const protocol::varlink::list_call& x);
  std::string answer(const protocol::varlink::quiet_call& x);
  std::string answer(const protocol::varlink::explain_call& x) const;
  std::string answer(const protocol::varlink::rules_call& x) const;
  void decide(const protocol::varlink::decide_call& x, const peer& by,
              answer_promise promise, bool asked = false);
  void run(const protocol::decision& made, const protocol::request_ref& request,
           const peer& by, std::int64_t seconds,
           const std::function<void(const executed&)>& then);
  void decided(std::uint64_t number, protocol::decision made,
               const executed& how, const answer_promise& promise);
  std::vector<protocol::request_ref> end_decision(std::uint64_t number,
                                                  protocol::decision& made,
                                                  const executed& how);
  std::string outcome_of(std::uint64_t number, const protocol::decision& made,
                         const executed& how) const;

  // See history.cpp.
  void answer_history(const protocol::varlink::history_call& x,
                      answer_promise promise);
  std::string history_of(const protocol::varlink::history_call& x) const;
  void on_past(const past_decisions& x);
  void know_past();
  void look_at_past(protocol::time_point at);
  void remember(const protocol::decision& x);
  void count(const protocol::decision& x);

  // The policy's decisions; see automatic.cpp.
  protocol::policy_circumstances circumstances() const;
  bool is_unattended(protocol::time_point at);
  void judge_news(bool is_unattended);
  void judge(std::uint64_t number, bool is_unattended);
  void leave_denied(std::uint64_t number, const std::string& rule);
  void wait_for_turn(std::uint64_t number);
  void allow_automatically();
  void execute_automatically(std::uint64_t number,
                             const protocol::decision& made,
                             const protocol::request_ref& request);
  /// Asks the registry.
  template <class Answer, class Request>
  void ask(pending_answers<Answer>& pending, Request x,
           typename pending_answers<Answer>::handler then);
  void expire_requests(protocol::time_point at);
  void close_others(const protocol::decision& made,
                    std::vector<protocol::request_ref> requests,
                    const std::function<void()>& then);

  // What is written to the audit trail; see prompts_audit.cpp.
  void note(protocol::audit_record x);
  void note_left_denied(const protocol::decision& x);
  void note_refusal(const protocol::varlink::decide_call& x, const peer& by,
                    std::string_view why);
  void note_load(const policy_loaded& x);
  void note_operator(protocol::audit_event what, const watcher& x);

  void begin_watching(watcher& added, const watching& x);
  void set_eager();
  void tell_hub();
  void serve();
  void serve(watcher& x, protocol::time_point now);
  void serve_once(watcher& x, protocol::time_point at);
  void wake_at(protocol::time_point at, protocol::time_point now);
  protocol::prompt_time now() const;

  self_type* self_;
  prompts_config config_;
  std::int64_t since_;
  protocol::shield_abilities shield_;
  bool is_shield_known_ = false;
  bool asks_shield_ = false; // the answer is on its way
  std::vector<std::function<void()>> wait_for_shield_;
  std::shared_ptr<const protocol::policy> policy_;
  std::string audit_state_;
  std::string policy_state_ = "no policy: every prompt waits for a person";
  protocol::prompt_table table_;
  news_of_prompts news_;
  news_box_ptr box_ = std::make_shared<news_box>();
  const announced_event* folded_ = nullptr; // while it is folded
  const protocol::prompt_table::dossier_source about_;

  /// Prompts that a rule allows, and how many of those are being executed.
  automatic_queue automatic_{protocol::operator_limits::automatic_interval};
  std::size_t automatic_running_ = 0;
  /// When the policy had something executed for a container: the last second.

  // What the registry was asked and has not answered.
  pending_answers<executed> executing_{
      protocol::operator_limits::decision_deadline};
  pending_answers<requests_closed> closing_{
      protocol::operator_limits::decision_deadline};

  std::size_t subscribers_ = 0; // of Clearance1
  protocol::time_point attended_at_;
  std::list<watcher> watchers_;
  std::deque<protocol::decision> history_;
  /// The decisions of before are in history_, or there are none.
  bool is_past_known_ = false;
  protocol::time_point past_due_; // then nobody waits for them any more
  std::vector<std::pair<protocol::varlink::history_call, answer_promise>>
      wait_for_past_;
  protocol::time_point next_tick_ = protocol::time_point::max();

  struct {
    std::uint64_t blocks = 0;
    std::uint64_t applied = 0;
    std::uint64_t failed = 0;
    std::uint64_t refused = 0;
    std::uint64_t left_denied = 0;
    std::uint64_t allowed_automatically = 0;
    // That took effect, by action.
    std::array<std::uint64_t, 2> by_operators{};
    std::array<std::uint64_t, 2> by_applications{};
    // How long their prompts had waited, those of the policy included.
    std::array<std::uint64_t, waits.size()> decided_within{};
    std::uint64_t decided = 0;
    std::uint64_t waited_microseconds = 0;
  } counters_;
  bool has_policy_ = false; // one was loaded, or could not be
  bool policy_is_valid_ = true;
  bool speaks_of_policy_ = true; // see policy_loaded::is_logged
  // While it is not: when the log says so again.
  protocol::time_point policy_reminder_{};
  counter_board::place shown_; // the last member, because it asks us
};

/// Runs on the I/O thread.
prompts_actor spawn_prompts(io_host& io, prompts_config config);

/// For hub_config::spawn_operators: starts the prompts with `config`, in which
/// the hub fills in its own parts.
std::function<operators_actor(operators_place)>
operators_with(prompts_config config);

} // namespace clearance::actors
