/// The authorisation map's rules once more, written to be read: one map, every
/// question answered by looking at everything. And a trial that holds the two
/// against each other, whoever chooses the operations.
#pragma once

#include "protocol/hub/authorisation.hpp"
#include "test/support/wire/test_event.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clearance::test {

class authorisation_model {
public:
  struct entry {
    std::string target;
    std::uint64_t number = 0;
    std::uint64_t ticket = 0; ///< 0: live
    std::size_t charge = 0;   // texts
    test_event_ptr event;
  };

  using key = std::pair<std::string, std::string>; // container, request_id

  explicit authorisation_model(protocol::authorisation_limits bounds);

  std::size_t announce(const key& k, const std::string& target,
                       test_event_ptr event);
  std::size_t drop(const std::string& container);

  /// What cite() must refuse with; nothing if it must succeed.
  std::optional<protocol::verdict_outcome>
  refusal(const key& k, const std::string& dest, const std::string& action);

  void launch(const key& k, std::uint64_t ticket);
  void settle(std::uint64_t ticket, bool ok);

  /// All that replay() may give, oldest first.
  std::vector<test_event_ptr> waiting(std::uint64_t cursor,
                                      std::uint64_t until) const;

  std::size_t live() const;
  std::size_t in_flight() const;
  std::size_t containers() const;
  /// Charged, with the events that were handed and without them.
  std::size_t most_bytes() const;
  std::size_t least_bytes() const;

  std::uint64_t sequence = 0;
  std::uint64_t evicted = 0;

private:
  bool fits(const key& k, const entry& x, bool alone) const;
  key victim(const std::string& container) const;

  protocol::authorisation_limits bounds_;
  std::size_t overhead_;
  std::map<key, entry> entries_;
};

/// Applies one chosen operation after the other to both and compares all that
/// can be seen.
class authorisation_trial {
public:
  /// How strict: a event that was handed is let go a little later than the
  /// model lets it go, so bounds in bytes and handing cannot both be exact.
  enum class mode {
    never_handed,  ///< bounds in entries and bytes, no event is handed
    no_byte_bound, ///< bounds in entries, events are handed
    rough,         ///< everything; only what always holds is compared
  };

  /// Chooses a number below its argument, which is at least 1.
  using chooser = std::function<std::size_t(std::size_t)>;

  explicit authorisation_trial(mode how);

  /// One operation. Throws std::logic_error, saying what differs.
  void step(const chooser& choose);

  /// Drops everything and looks whether anything is left.
  void finish();

private:
  void announce(const chooser& choose);
  void cite(const chooser& choose);
  void settle(const chooser& choose);
  void replay(const chooser& choose);
  void hand(const chooser& choose);
  void drop(const std::string& container);
  void compare() const;
  bool exact() const noexcept { return mode_ != mode::rough; }

  mode mode_;
  protocol::authorisation_limits bounds_;
  protocol::authorisation_map map_;
  authorisation_model model_;
  std::vector<test_event_ptr> events_; // of the latest announcements
  std::vector<std::uint64_t> tickets_; // the latest
};

} // namespace clearance::test
