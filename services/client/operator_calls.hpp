/// Calls of the operator interface as messages, and what their answers mean.
/// Source: operator.md, section 2.
#pragma once

#include "protocol/hub/verdict.hpp"
#include "protocol/operator/older_hub.hpp"
#include "protocol/operator/prompt_list.hpp"
#include "services/client/call_queue.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clearance::services {

// Each is a whole message, NUL included.

/// `client` is what the client says of itself. A person looks at it.
/// `attends`: a person can see now what comes.
std::string watch_call_text(std::string_view client, bool attends);
std::string decide_call_text(const protocol::prompt_key& prompt,
                             std::int64_t revision, protocol::action action,
                             std::string_view reason, std::string_view client,
                             std::optional<std::int64_t> seconds = {});
std::string quiet_call_text(std::string_view container, bool on);
std::string explain_call_text(std::string_view prompt);
std::string history_call_text();
std::string rules_call_text();
/// For an older hub.
std::string verdict_call_text(const protocol::older_hub::open_block& x,
                              protocol::action action);

/// What came of a decision.
struct decision_outcome {
  enum class kind : std::uint8_t {
    done,
    failed,  ///< the firewall was not changed, the prompt waits again
    changed, ///< nothing was executed: the prompt is not what was shown
    /// somebody else decided, or is about to: information, no error
    already,
    gone,    ///< there is no such prompt any more
    unknown, ///< the hub cannot be asked, or refused
  };

  kind what = kind::unknown;
  std::string text;                              ///< printable, one line
  std::optional<protocol::listed_prompt> prompt; ///< with changed
};

/// `now` in microseconds since the epoch.
decision_outcome outcome_of_decision(const call_result& x, std::int64_t now);

/// `kim (desktop)`, `uid 1000 (tui)` or `rule "wheels"`; printable.
std::string decider_text(const protocol::decision& x);

/// The lines of the answer to `Explain`; printable. `failure` is empty or says
/// why there is no answer.
std::vector<std::string> explanation_lines(const call_result& x);

/// The same of the answer to `Rules`: the state of the policy, then each rule.
std::vector<std::string> rule_lines(const call_result& x);

/// `5 s`, `3 min`, `2 h`, `4 d`: a time in microseconds.
std::string age_text(std::int64_t microseconds);

/// Whether `m` quiets a container or undoes that. A prompt that was there
/// before may not show yet what was asked of the hub, so the last wish counts
/// until it does.
class quiet_switches {
public:
  /// What to ask for now; it is remembered.
  bool turn(const protocol::list_entry& x);

  /// The hub did not do what was asked for.
  void failed(const std::string& hub, const std::string& container) {
    asked_.erase({hub, container});
  }

private:
  struct wish {
    bool on = false;
    bool before = false; // what the prompt said
  };

  std::map<std::pair<std::string, std::string>, wish> asked_;
};

} // namespace clearance::services
