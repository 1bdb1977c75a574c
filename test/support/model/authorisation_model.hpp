/// A simple and slow model of the authorisation rules: it looks at all open
/// requests for every question. And a trial that compares the product with the
/// model, for operations that a test or a fuzzer chooses.
#pragma once

#include "protocol/hub/authorisation.hpp"
#include "test/support/wire/test_event.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
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

  /// The refusal that cite() must return; nothing if it must succeed.
  std::optional<protocol::verdict_outcome>
  refusal(const key& k, const std::string& dest, const std::string& action);

  void launch(const key& k, std::uint64_t ticket);
  void settle(std::uint64_t ticket, bool ok);
  bool is_in_flight(std::uint64_t ticket) const;

  /// The open request; null: there is none.
  const entry* find(const key& k) const;

  /// All events that replay() may return, oldest first.
  std::vector<test_event_ptr> waiting(std::uint64_t cursor,
                                      std::uint64_t until) const;

  std::size_t live() const;
  std::size_t in_flight() const;
  std::size_t containers() const;
  /// Bytes charged: with the events that a client was handed, and without.
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

/// Applies one operation after another to product and model, and compares all
/// that can be seen of them.
class authorisation_trial {
public:
  /// What is compared exactly: the product frees a handed event a little later
  /// than the model, so either bytes or handed events can be exact, not both.
  enum class mode {
    never_handed,  ///< bounds in entries and bytes, no event is handed
    no_byte_bound, ///< bounds in entries, events are handed
    rough,         ///< everything; only what always holds is compared
  };

  /// Returns a number below its argument, which is at least 1.
  using chooser = std::function<std::size_t(std::size_t)>;

  explicit authorisation_trial(mode how);

  /// Applies one operation. Throws std::logic_error that says what differs.
  void step(const chooser& choose);

  /// Removes everything and checks that nothing is left.
  void finish();

private:
  void foresee(const chooser& choose);
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
  // Blocks that are announced next. Other operations come between, so what the
  // map has found out about them may be wrong by then.
  std::list<authorisation_model::key> keys_;
  std::vector<protocol::coming_block> coming_;
  std::vector<test_event_ptr> events_; // of the latest announcements
  std::vector<std::uint64_t> tickets_; // the latest
};

} // namespace clearance::test
