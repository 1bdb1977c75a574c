/// The table of prompts. Blocks are collected in it, and decisions are made
/// with it.
#pragma once

#include "protocol/base/time.hpp"
#include "protocol/hub/authorisation.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/operator/policy.hpp"
#include "protocol/operator/prompt.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol {

/// The time of one call: a steady time for waits, and a wall time for people.
struct prompt_time {
  time_point steady;
  std::int64_t wall = 0; ///< microseconds since the epoch, UTC
};

/// What the table reads of a block. Views are valid during the call alone.
struct blocked {
  std::string_view container;
  std::string_view domain;
  std::string_view dest;
  std::int64_t port = 0;
  std::int64_t proto = 0;
  bound_request bound = {}; ///< its open request, if it has one

  std::string_view target() const noexcept {
    return domain.empty() ? dest : domain;
  }
};

/// Gets every change of the table. `number` is the number of a prompt. An
/// observer that memory is denied to must help itself: it throws nothing.
class prompt_observer {
public:
  virtual ~prompt_observer() = default;
  /// `is_urgent`: more than counts and times changed.
  virtual void changed(const prompt& x, bool is_urgent) = 0;
  virtual void removed(std::uint64_t number) = 0;
};

/// Limits of the prompts, inclusive.
struct prompt_limits {
  std::size_t per_container = operator_limits::prompts_per_container_max;
  std::size_t total = operator_limits::prompts_total_max;
  std::size_t per_container_bytes =
      operator_limits::prompts_per_container_max_bytes;
  std::size_t total_bytes = operator_limits::prompts_total_max_bytes;
  std::size_t finished = operator_limits::finished_prompts_per_container_max;
  duration retention = operator_limits::prompt_retention;
};

/// The states of the prompt for each pair of container and target:
///
///   block --> waiting --start--> deciding --finish(ok)--> decided
///               ^  |                |  '--finish(failed)--> waiting
///               |  '- gone: the container or its shield went, or a limit -'
///               '-- a block of a target whose prompt is gone or was allowed
///
/// A waiting prompt has at least one open request. Texts that differ only in
/// case, in one trailing dot or in the notation of an address are one target. A
/// name and an address are never one target, even if their texts are equal.
/// Flags are never removed (except automatic_failed, when the policy is
/// loaded). So a container that changes its blocks again and again cannot keep
/// operators from deciding.
class prompt_table {
public:
  /// `boot` begins every id. It differs at each start of the hub.
  explicit prompt_table(std::string boot, prompt_limits limits = {});
  ~prompt_table();
  prompt_table(const prompt_table&) = delete;
  prompt_table& operator=(const prompt_table&) = delete;

  /// `x` must live longer than the table, or be removed from it.
  void add(prompt_observer& x);
  void remove(prompt_observer& x);

  // -- from the registry ------------------------------------------------------

  /// Reads the dossier of a block.
  using dossier_source = std::function<dossier()>;

  /// A block. Returns the prompt that shows it; null if there was no room.
  /// `about` is called for the first block of a container.
  const prompt* block(const blocked& x, const dossier_source& about,
                      prompt_time now);
  /// The same. `generation` belongs to its open request, if it has an id.
  const prompt* block(const event& x, std::uint64_t generation,
                      prompt_time now);

  /// Says that these blocks follow, the first one now. Their memory is asked
  /// for before it is needed; with many containers it is in no cache.
  void look_ahead(const std::span<const bound_request>& next) const;

  /// Handles container_exited, shield_down and shield_disengaged: the
  /// container's open prompts become gone. Other events change nothing.
  void lifecycle(const event& x, prompt_time now);

  /// The registry has closed an open request because of a limit, or has
  /// replaced it. A prompt without any other request becomes gone
  /// (`forgotten`).
  void closed(std::string_view container, std::uint64_t generation,
              slot_link container_hint, prompt_time now);

  /// A verdict that was not started with the table was executed. `x` has who
  /// decided, action, result and error. Success consumes only this request, and
  /// its prompt shows the decision if it waits. Returns the complete decision.
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

  /// A decision that somebody wants to make.
  struct wish {
    action what = action::deny;
    decider by;
    std::string reason;
    std::string rule;                    ///< the rule of the policy
    std::optional<std::int64_t> seconds; ///< nothing: without a time limit
  };

  /// Starts a decision. An allow needs the prompt's current revision. A deny
  /// does not, because it is right for every revision of the same target.
  start_result start(std::string_view id, std::uint64_t revision, wish x,
                     prompt_time now);

  /// Starts a decision of the policy, about the prompt as it is now.
  start_result start(std::uint64_t number, wish x, prompt_time now);

  enum class execution : std::uint8_t {
    applied,
    failed,  ///< the request may be answered again
    changed, ///< the registry has removed the request
  };

  /// The result of finish().
  struct finished {
    /// Null if the prompt was removed meanwhile. Then the decision counts, but
    /// no prompt shows it.
    const prompt* what = nullptr;
    /// The other open requests of the prompt, newest first. The caller closes
    /// them. Empty if the decision was not applied.
    std::vector<request_ref> to_close;
  };

  finished finish(std::uint64_t number, execution how, std::string error,
                  prompt_time now);

  /// Denies a waiting prompt automatically: nothing is executed, and all its
  /// open requests are closed.
  finished leave_denied(std::uint64_t number, std::string rule,
                        prompt_time now);

  /// Adds `last` to the numbers of all later decisions: so many were made
  /// before the hub's start.
  void number_decisions_behind(std::uint64_t last) noexcept;

  // -- policy and operators ---------------------------------------------------

  /// The facts for the policy. Valid until the table changes.
  policy_question question_of(const prompt& x) const;

  /// Stores what the policy says about an open prompt.
  void apply(std::uint64_t number, const policy_ruling& x, prompt_time now);

  /// Call it after the policy was loaded: automatic decisions may be tried
  /// again.
  void forget_failures();

  /// Marks a waiting prompt: a person has to decide it.
  void automatic_failed(std::uint64_t number);

  /// Returns false if too many containers without prompts are quiet.
  bool quiet(std::string_view container, bool on);

  // -- looking ----------------------------------------------------------------

  /// Removes prompts that are no longer visible. Call it at next_expiry().
  void expire(prompt_time now);
  time_point next_expiry() const noexcept;

  const prompt* find(std::string_view id) const;
  const prompt* find(std::uint64_t number) const;
  /// The visible prompt with the least number above `number`; null: none.
  const prompt* next_after(std::uint64_t number) const;
  std::string id_of(std::uint64_t number) const;
  std::uint64_t last_number() const noexcept;

  std::size_t size() const noexcept; ///< visible prompts
  std::size_t open() const noexcept; ///< prompts that wait or are being decided
  std::size_t containers() const noexcept;
  std::size_t bytes() const noexcept;
  std::uint64_t
  forgotten() const noexcept; ///< forgotten prompts since the start
  std::uint64_t
  unrecorded() const noexcept; ///< blocks without a prompt: there was no room,
                               ///< or the container's id was cut

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The same text for all spellings of one target: the kind of the target and
/// its canonical text.
std::string target_key(std::string_view domain, std::string_view dest);

} // namespace clearance::protocol
