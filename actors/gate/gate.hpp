/// The git gate: starts a git_request actor for each HTTP request, and has what
/// these actors share: slots, delays of wrong tokens, grants, counters.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/gate/config.hpp"
#include "actors/gate/git_request.hpp"
#include "actors/gate/messages.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>

namespace clearance::actors {

/// Ends with errc::bind_failed if it cannot listen. Linked to its git requests:
/// the crash of one ends the gate, and the end of the gate cuts every transfer.
class gate {
public:
  static inline const char* name = "gate";
  using interface = gate_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<gate>;

  gate(self_type* self, gate_config config);
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  interface::behavior_type make_behavior();

private:
  using time_point = std::chrono::steady_clock::time_point;
  using slow_promise = caf::typed_response_promise<slow_atom>;

  struct waiting {
    git_request_actor who;
    protocol::sha256_digest token;
    time_point until;
  };

  struct slowed {
    slow_promise promise;
    time_point until;
  };

  bool listen();
  void start_upkeep();
  void tell_upkeep();
  void tell_manager();
  void on_requested(const requested& x);
  void on_malformed(const malformed_request& x);
  void on_ask_slot(const ask_slot& x);
  slow_promise on_slow();
  void on_tick();
  void on_down(const caf::actor_addr& who);
  void on_grants(const new_grants& x);
  void on_stop();
  void on_report() const;
  void add_counters(protocol::counter_list& to) const;

  void find_sharers();
  bool share_is_used(const protocol::sha256_digest& token) const;
  bool waits_enough(const protocol::sha256_digest& token) const;
  void grant(const git_request_actor& who,
             const protocol::sha256_digest& token);
  void turn_away(const git_request_actor& who, int status);
  void grant_next();
  void press();
  void watch_clock();
  void end_if_done();

  self_type* self_;
  gate_config config_;
  std::shared_ptr<const backend_config> backend_;
  std::unique_ptr<http_listener> listener_;

  std::set<caf::actor_addr> git_requests_;
  /// The git requests that have a slot, each with its token; at most
  /// backends_max.
  std::map<caf::actor_addr, protocol::sha256_digest> running_;
  /// Requests that wait for a slot, oldest first. While there are free slots,
  /// each of these has a token that uses its whole share.
  std::deque<waiting> waiting_;
  bool shared_ = false; ///< the grants are of more than one token
  time_point press_at_{};
  /// Answers to wrong tokens that wait, the next one first; at most
  /// auth_failures_slowed_max.
  std::deque<slowed> slowed_;

  upkeep_actor upkeep_; ///< null: there are no hooks, or it has ended
  bool idle_ = true;    ///< what upkeep_ was told last
  bool pushed_ = false; ///< a push has asked for a slot since it was idle

  bool tick_pending_ = false;
  time_point tick_at_{};
  bool stopping_ = false;
  log_limiter malformed_;
  log_limiter_ptr complaints_ = std::make_shared<log_limiter>();

  struct {
    std::uint64_t requests = 0;
    std::uint64_t malformed = 0;
    std::uint64_t turned_away = 0; // 503
    std::uint64_t over_share = 0;  // 429
    std::uint64_t wrong_tokens = 0;
    std::uint64_t not_slowed = 0; // of these
  } counters_;
  std::shared_ptr<gate_traffic> traffic_ = std::make_shared<gate_traffic>();
  counter_board::place shown_; // the last member, because it asks us
};

/// Runs on the I/O thread.
gate_actor spawn_gate(io_host& io, gate_config config);

} // namespace clearance::actors
