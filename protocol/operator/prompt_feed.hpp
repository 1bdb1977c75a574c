/// What one client that watches is sent: a snapshot, then changes.
#pragma once

#include "protocol/operator/encode.hpp"
#include "protocol/operator/prompt_table.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>

namespace clearance::protocol {

/// Conflates: a client that reads slowly is sent the newest state of each
/// prompt that changed, so its queue is bounded by the number of prompts. When
/// it has read everything, its picture is exact. Other events pass through a
/// queue that drops its oldest.
///
/// The owner adds the feed to the table and calls write() when the client has
/// read, until write() says false.
class prompt_feed : public prompt_observer {
public:
  /// `table` must outlive the feed.
  prompt_feed(const prompt_table& table, shield_abilities shield);

  // From the table.
  void changed(const prompt& x, bool is_urgent) override;
  void removed(std::uint64_t number) override;

  /// What write() made was lost: the client gets a fresh snapshot.
  void restart() noexcept;

  /// The client reads again, after it took nothing for so long.
  void resume(duration away);

  /// A container or shield event.
  void add(event x);

  /// The hub as it is from now on.
  void set(const hub_state& x);

  /// What the shield can do from now on. The client gets a fresh snapshot,
  /// because every prompt says what an allow opens.
  void set(const shield_abilities& x);

  /// Appends the next reply to `Watch`, NUL included. Returns false if there is
  /// none now; see due().
  bool write(time_point now, std::string& out);

  /// When write() has something to say: at `now` or before it, or later; max()
  /// if nothing waits.
  time_point due(time_point now) const;

  std::size_t pending() const noexcept {
    return news_.size() + counts_.size() + removed_.size();
  }

private:
  enum class pending_change : std::uint8_t { none, counts, news };

  struct told_prompt {
    bool is_told = false;
    pending_change pending = pending_change::none;
    std::uint64_t order = 0; // of the first change that waits
    time_point sent = time_point::min();
  };

  // Numbers of prompts, the oldest change first.
  using change_queue = std::map<std::uint64_t, std::uint64_t>;

  change_queue& queue_of(pending_change x) {
    return x == pending_change::news ? news_ : counts_;
  }
  void write_page(std::string& out);
  void write_removed(std::string& out);
  bool write_change(change_queue& from, time_point now, std::string& out);
  void fill_turns(time_point now);
  time_point next_turn(time_point now) const;
  static time_point ready(const told_prompt& x);

  const prompt_table& table_;
  shield_abilities shield_;
  std::string hub_; // as JSON, until it is sent

  // The snapshot.
  bool is_snapshot_ = true;
  bool is_restart_ = false;
  std::uint64_t cursor_ = 0;
  std::uint64_t until_ = 0; // later prompts come as changes

  std::unordered_map<std::uint64_t, told_prompt> told_;
  change_queue news_;
  change_queue counts_;
  std::uint64_t last_order_ = 0;
  std::deque<std::uint64_t> removed_;
  std::deque<event> events_;
  std::uint64_t lost_ = 0;

  // Changes that may be sent now, and when that was so.
  std::size_t turns_ = operator_limits::changes_burst_max;
  time_point turns_at_ = time_point::min();
};

} // namespace clearance::protocol
