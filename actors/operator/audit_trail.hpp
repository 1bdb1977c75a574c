/// The audit trail's actor: passes records to the thread that writes them.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/hub/audit_trail.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace clearance::actors {

/// Writes records to a file, on a thread of its own. All functions may be
/// called on any thread, and none waits for the file.
class audit_sink {
public:
  using done_function = std::function<void(const std::string& why)>;

  virtual ~audit_sink() = default;

  /// Queues a record. `done`, which may be empty, is called once, on some
  /// thread: with an empty text when the record is in the file, else with the
  /// reason why it is not there yet.
  virtual void add(protocol::audit_record x, done_function done) noexcept = 0;

  /// `changed` is called, on some thread, with the state in words: now and at
  /// each change. Null: it is never called again after the return.
  virtual void follow(std::function<void(const std::string&)> changed) = 0;

  using past_function = std::function<void(std::vector<protocol::decision>)>;

  /// `take` is called once, on some thread, with the decisions that the trail
  /// has of before this start; see past_decisions. Not if the thread has ended.
  virtual void read_past(past_function take) { take({}); }

  /// Writes the counters to the log.
  virtual void report() const = 0;

  /// Appends the same counters.
  virtual void add_counters(protocol::counter_list&) const {
    // nop
  }
};

struct audit_trail_config {
  std::shared_ptr<audit_sink> sink;
  caf::actor_addr hub; ///< linked: both end together
  counter_board_ptr board = nullptr;
};

/// From the trail's own functions that the sink calls.
struct audit_written {
  std::uint64_t ticket = 0;
  std::string why;
};

/// Answers who waits for a record, tells the prompts how the trail is, and
/// limits the records that a client can cause as often as it likes: refusals,
/// and that it comes and goes. Records that are left out are counted in the
/// next one. If memory is denied, a record is lost.
class audit_trail {
public:
  static inline const char* name = "audit";
  using interface = audit_trail_actor::extend<caf::reacts_to<audit_written>,
                                              caf::reacts_to<audit_state>,
                                              caf::reacts_to<past_decisions>>;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<audit_trail>;

  audit_trail(self_type* self, audit_trail_config config);
  audit_trail(const audit_trail&) = delete;
  audit_trail& operator=(const audit_trail&) = delete;
  ~audit_trail();

  interface::behavior_type make_behavior();

private:
  using done_promise = caf::typed_response_promise<audit_done>;

  /// What the sink's thread sends through. Closed when the actor ends, so that
  /// nothing is sent to an actor system that is gone.
  struct link;

  void on_follow(const audit_follow& x);
  void on_note(audit_note& x);
  done_promise on_first(audit_first& x);
  void on_written(const audit_written& x);
  void on_state(const audit_state& x);

  self_type* self_;
  audit_trail_config config_;
  std::shared_ptr<link> link_;
  operators_actor prompts_; // null: nobody has to be told
  std::string state_;
  log_limiter limiter_;
  std::uint64_t next_ticket_ = 0;
  std::map<std::uint64_t, done_promise> waiting_;
  counter_board::place shown_; // the last member, because it asks us
};

/// Runs on the I/O thread.
audit_trail_actor spawn_audit_trail(io_host& io, audit_trail_config config);

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::audit_written)
