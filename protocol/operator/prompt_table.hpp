/// The table of prompts: blocks fold into it, decisions go through it.
#pragma once

#include "protocol/base/time.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/operator/policy.hpp"
#include "protocol/operator/prompt.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol {

/// The time of one call: for waits, and for people.
struct prompt_time {
  time_point steady;
  std::int64_t wall = 0; ///< microseconds since the epoch, UTC
};

/// One open request of the registry. `generation` tells apart requests that
/// had the same id one after the other.
struct request_ref {
  std::string request_id;
  std::uint64_t generation = 0;

  friend bool operator==(const request_ref&, const request_ref&) = default;
};

/// Gets every change of the table. Numbers are prompts' numbers.
class prompt_observer {
public:
  virtual ~prompt_observer() = default;
  /// `is_urgent`: more than counts and times changed.
  virtual void changed(const prompt& x, bool is_urgent) = 0;
  virtual void removed(std::uint64_t number) = 0;
};

/// What prompts may take; inclusive.
struct prompt_limits {
  std::size_t per_container = operator_limits::prompts_per_container_max;
  std::size_t total = operator_limits::prompts_total_max;
  std::size_t per_container_bytes =
      operator_limits::prompts_per_container_max_bytes;
  std::size_t total_bytes = operator_limits::prompts_total_max_bytes;
  std::size_t finished = operator_limits::finished_prompts_per_container_max;
  duration retention = operator_limits::prompt_retention;
};

/// A machine of four states for every (container, target):
///
///   block --> waiting --start--> deciding --finish(ok)--> decided
///               ^  |                |  '--finish(failed)--> waiting
///               |  '- gone: the container or its shield went, or a limit -'
///               '-- a block of a target whose prompt is gone or was allowed
///
/// A prompt that waits has at least one open request. Targets that differ in
/// case, in one trailing dot or in the notation of an address alone are one
/// target; a name and an address never are, even if their texts are equal.
/// Flags are never taken back (but automatic_failed, by a load of the policy),
/// so that a container cannot make its prompts undecidable by alternating.
class prompt_table {
public:
  /// `boot` begins every id; another start of the hub has another one.
  explicit prompt_table(std::string boot, prompt_limits limits = {});
  ~prompt_table();
  prompt_table(const prompt_table&) = delete;
  prompt_table& operator=(const prompt_table&) = delete;

  /// `x` must outlive the table or be taken out.
  void add(prompt_observer& x);
  void remove(prompt_observer& x);

  // -- from the registry ------------------------------------------------------

  /// A block, whose open request is `generation`; 0: it has none. Returns the
  /// prompt that shows it; null if there was no room.
  const prompt* block(const event& x, std::uint64_t generation,
                      prompt_time now);

  /// container_exited, shield_down, shield_disengaged: the container's open
  /// prompts are gone. Other events change nothing.
  void lifecycle(const event& x, prompt_time now);

  /// The registry has closed an open request because of a limit or replaced it.
  /// A prompt without any other is gone (`forgotten`).
  void closed(std::string_view container, const request_ref& request,
              prompt_time now);

  /// A verdict that did not come through the table was executed: `x` says by
  /// whom, with which action, result and error. Success consumes this request
  /// only, and its prompt, if it waits, shows the decision. Returns the whole
  /// decision.
  decision executed(std::string_view container, const request_ref& request,
                    decision x, prompt_time now);

  // -- decisions --------------------------------------------------------------

  struct no_such_prompt {};
  struct prompt_changed {
    const prompt* current;
  };
  struct already_decided {
    const protocol::decision* by;
  };
  /// Execute exactly this request, then call finish().
  struct decision_started {
    const prompt* what;
    request_ref request;
  };
  using start_result = std::variant<no_such_prompt, prompt_changed,
                                    already_decided, decision_started>;

  /// What somebody wants.
  struct wish {
    action what = action::deny;
    decider by;
    std::string reason;
    std::string rule;                    ///< the policy's
    std::optional<std::int64_t> seconds; ///< nothing: no end
  };

  /// Starts a decision. An allow needs the prompt's revision; a deny does not,
  /// because it is right for every revision of the same target.
  start_result start(std::string_view id, std::uint64_t revision, wish x,
                     prompt_time now);

  /// The policy's decision: about the prompt as it is.
  start_result start(std::uint64_t number, wish x, prompt_time now);

  enum class execution : std::uint8_t {
    applied,
    failed,  ///< the request is live again
    changed, ///< the registry does not have the request any more
  };

  /// How a decision ended.
  struct finished {
    /// Nothing if the prompt went meanwhile: then the decision counts, but is
    /// shown nowhere.
    const prompt* what = nullptr;
    /// The other open requests of the prompt, newest first: they are closed
    /// with it. Empty unless the decision was applied.
    std::vector<request_ref> to_close;
  };

  finished finish(std::uint64_t number, execution how, std::string error,
                  prompt_time now);

  /// An automatic deny of a prompt that waits: nothing is executed, all its
  /// open requests are closed.
  finished leave_denied(std::uint64_t number, std::string rule,
                        prompt_time now);

  // -- policy and operators ---------------------------------------------------

  /// What the policy has to decide about. Valid until the table changes.
  policy_question question_of(const prompt& x) const;

  /// What the policy says about an open prompt.
  void apply(std::uint64_t number, const policy_ruling& x, prompt_time now);

  /// After a load: automatic decisions may be tried again.
  void forget_failures();

  /// Marks a prompt that waits: a person has to decide it.
  void automatic_failed(std::uint64_t number);

  /// Returns false if too many containers without prompts are quiet.
  bool quiet(std::string_view container, bool on);

  // -- looking ----------------------------------------------------------------

  /// Removes what is no longer visible. Call it when next_expiry() has come.
  void expire(prompt_time now);
  time_point next_expiry() const noexcept;

  const prompt* find(std::string_view id) const;
  const prompt* find(std::uint64_t number) const;
  /// The visible prompt with the least number above `number`; null: none.
  const prompt* next_after(std::uint64_t number) const;
  std::string id_of(std::uint64_t number) const;
  std::uint64_t last_number() const noexcept;

  std::size_t size() const noexcept; ///< visible prompts
  std::size_t open() const noexcept; ///< those that wait or are being decided
  std::size_t containers() const noexcept;
  std::size_t bytes() const noexcept;
  std::uint64_t forgotten() const noexcept;  ///< prompts, since the start
  std::uint64_t unrecorded() const noexcept; ///< blocks that found no room

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// What makes one target of all its spellings: the kind of the target and its
/// canonical text.
std::string target_key(std::string_view domain, std::string_view dest);

} // namespace clearance::protocol
