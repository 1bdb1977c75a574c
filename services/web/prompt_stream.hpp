/// What one open page is sent: all prompts, then every change.
#pragma once

#include "protocol/operator/prompt_list.hpp"

#include <cstdint>
#include <string>

namespace clearance::services {

/// Writes lines of JSON. A line has `prompts`, each as it is now; the last line
/// of a change has `removed` (numbers), `hubs` if they changed, and `version`:
/// what the page then has, and from what it may go on after an interruption.
/// `reset` in the first line says that what the page has is not to be kept.
class prompt_stream {
public:
  /// `after` is the last version that the page has; 0: none.
  prompt_stream(const protocol::prompt_list& list, std::uint64_t after);

  /// A change was begun and is not written to its end.
  bool is_in_change() const noexcept { return is_in_change_; }
  /// The page does not have the newest state.
  bool is_behind() const noexcept {
    return is_in_change_ || is_first_ || version_ != list_.version();
  }

  /// Appends one line of at most some 64 KiB; nothing if the page has the
  /// newest state. `wall` is the time of day in microseconds.
  void write(std::int64_t wall, std::string& out);

private:
  bool write_prompts(std::string& out);

  const protocol::prompt_list& list_;
  std::uint64_t version_ = 0; // that the page has
  std::uint64_t target_ = 0;  // that it has behind this change
  std::uint64_t next_ = 0;    // the next number to look at
  bool is_in_change_ = false;
  bool is_first_ = true; // also nothing new is news to a page that begins
  std::string hubs_;     // that the page has
};

} // namespace clearance::services
