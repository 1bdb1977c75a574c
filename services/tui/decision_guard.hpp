/// Says when a key may decide a prompt: a person must have had the time to see
/// it. Source: clients.md, section 1, "Safety".
#pragma once

#include "protocol/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace clearance::services {

/// Is told of every picture. A prompt may be decided when it was on every
/// picture of the last 500 ms with the same revision and with the same focus,
/// when nothing moved at the selection for 350 ms, when no key was refused for
/// 350 ms, and when nothing was pasted or typed behind a paste for 350 ms.
///
/// The focus is a number that changes with each own step: another selection,
/// other marks, another page. A key that was typed before the picture of such a
/// step was drawn decides nothing.
class decision_guard {
public:
  struct shown_prompt {
    std::uint64_t number = 0;
    std::int64_t revision = 0;
    std::size_t line = 0; ///< of the picture
  };

  /// A picture was drawn. `list_changed`: not only the user changed what is on
  /// it since the last picture.
  void drawn(std::span<const shown_prompt> shown,
             std::optional<std::uint64_t> selected, std::uint64_t focus,
             bool list_changed, protocol::time_point now);

  /// Nothing is visible any more; the next picture begins anew.
  void hidden() {
    shown_.clear();
    focus_.reset();
  }

  /// A text was pasted: the end that it names may be its own.
  void pasted(protocol::time_point now) { pasted_ = now; }

  /// A key came, whatever it is.
  void key_came(protocol::time_point now);

  /// Whether a key may decide the selected prompt.
  bool allows(std::uint64_t number, std::uint64_t focus,
              protocol::time_point now) const;

  /// The same for a prompt of a marked set, which may have left the screen: it
  /// was there for long enough at `revision`.
  bool allows_marked(std::uint64_t number, std::int64_t revision,
                     std::uint64_t focus, protocol::time_point now) const;

  /// A key was refused: the next one must wait once more.
  void refused(protocol::time_point now) { refused_ = now; }

  /// The revision that is on the screen; nothing: the prompt is not there.
  std::optional<std::int64_t> revision_of(std::uint64_t number) const;

private:
  struct sight {
    std::int64_t revision = 0;
    std::size_t line = 0;
    protocol::time_point since;
  };

  bool is_settled(std::uint64_t focus, protocol::time_point now) const;
  std::optional<std::uint64_t> at_line(std::size_t line) const;

  std::map<std::uint64_t, sight> shown_;       // on the last picture
  std::map<std::uint64_t, std::int64_t> seen_; // revisions, for long enough
  std::optional<protocol::time_point> moved_;
  std::optional<protocol::time_point> refused_;
  std::optional<protocol::time_point> pasted_; // or a key came soon after it
  std::optional<std::uint64_t> focus_;         // of the last picture
  protocol::time_point focus_since_;
};

} // namespace clearance::services
