/// Cuts a stream of bytes into whole messages: lines of readers, and varlink
/// messages, which end with a NUL. No input or output happens here. The bytes
/// may arrive in pieces of any size.
#pragma once

#include "protocol/base/byte_budget.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Whole frames without their delimiters, in the order of arrival. A view that
/// `at()` returned is valid while the batch lives and is not changed. At least
/// `padding` more bytes can be read behind every frame, which simdjson needs.
class frame_batch {
public:
  static constexpr std::size_t padding = 64;

  void append(std::string_view head, std::string_view tail = {});

  /// Appends all frames that end with `delimiter` in `bytes`, in one copy.
  /// Returns how many bytes these frames take, delimiters included.
  std::size_t append_each(std::string_view bytes, char delimiter);

  std::size_t size() const noexcept { return frames_.size(); }
  bool empty() const noexcept { return frames_.empty(); }
  std::string_view at(std::size_t i) const noexcept;

  /// How many bytes can be read from the frame's first byte on, `padding`
  /// included.
  std::size_t capacity_at(std::size_t i) const noexcept;

  /// The bytes of all frames, delimiters and padding included.
  std::size_t bytes() const noexcept { return storage_.size(); }

  /// All memory that the batch holds, unused capacity included.
  std::size_t footprint() const noexcept {
    return storage_.capacity() + frames_.capacity() * sizeof(frame);
  }

  /// Counts the footprint in `budget` from now on. The memory is in use
  /// already, so the budget cannot deny it.
  void charge(const byte_budget_ptr& budget);

private:
  struct frame {
    std::uint32_t offset;
    std::uint32_t size;
  };

  std::string storage_ = std::string(padding, '\0');
  std::vector<frame> frames_;
  byte_charge charge_;
};

/// Cuts at `delimiter`. Holds at most `max_bytes` of an unfinished frame. What
/// it holds beyond limits::kept_max_bytes counts in a budget that is shared
/// with others. Ordinary frames are shorter than that, so they arrive even when
/// others have used up the budget.
class framer {
public:
  /// What happens to a frame that is longer than `max_bytes`, or for which the
  /// budget has no room.
  enum class overflow {
    /// the frame is left out when its end arrives; frames behind it are served
    drop,
    fail, ///< the framer stops: feed() returns false from then on
  };

  framer(char delimiter, std::size_t max_bytes, overflow policy,
         byte_budget_ptr budget = nullptr) noexcept;

  /// Takes `bytes` and appends every frame that they complete to `out`. No byte
  /// is scanned twice. Returns false once a frame was too long under
  /// overflow::fail: close the connection, because there is no way to find the
  /// next frame.
  bool feed(std::string_view bytes, frame_batch& out);

  /// The stream has ended: an unfinished frame that is not empty counts as
  /// whole, and one that is too long counts as dropped. For lines only: an
  /// unfinished varlink message is no message.
  void finish(frame_batch& out);

  /// How many frames were left out because they were too long or the budget had
  /// no room.
  std::uint64_t dropped() const noexcept { return dropped_; }

  /// How many of these had no room in the budget. A frame that stopped the
  /// framer for lack of room counts, too.
  std::uint64_t starved() const noexcept { return starved_; }

  /// How many bytes of an unfinished frame are held.
  std::size_t pending() const noexcept { return pending_.size(); }

private:
  void overflowed(bool no_room);
  void keep(std::string_view part);
  void complete(std::string_view part, frame_batch& out);
  void release();

  char delimiter_;
  bool skipping_ = false; // within a frame that is too long
  bool failed_ = false;
  bool no_room_ = false; // the budget had no room for the frame that is skipped
  overflow policy_;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0;
  std::uint64_t starved_ = 0;
  std::string pending_;
  byte_charge charge_; // what pending_ takes of the budget
};

/// For the lines of readers. A line that is too long is dropped.
framer line_framer(byte_budget_ptr budget = nullptr);

/// For varlink messages. A message that is too long ends the connection.
framer nul_framer(byte_budget_ptr budget = nullptr);

} // namespace clearance::protocol
