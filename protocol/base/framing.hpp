/// Whole messages out of a stream of bytes: lines of readers, NUL-ended varlink
/// messages. Pure machines; bytes may come cut anywhere.
#pragma once

#include "protocol/base/byte_budget.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Some whole frames, without their delimiters, in the order of arrival.
/// `at()` views stay valid while the batch lives and is not changed. Behind
/// every frame at least `padding` more bytes of the batch's memory are
/// readable, as simdjson wants it.
class frame_batch {
public:
  static constexpr std::size_t padding = 64;

  void append(std::string_view head, std::string_view tail = {});

  /// Appends the frames that `delimiter` ends in `bytes`, in one piece. Returns
  /// how many bytes these are, delimiters included.
  std::size_t append_each(std::string_view bytes, char delimiter);

  std::size_t size() const noexcept { return frames_.size(); }
  bool empty() const noexcept { return frames_.empty(); }
  std::string_view at(std::size_t i) const noexcept;

  /// Readable bytes from the frame's first on, `padding` included.
  std::size_t capacity_at(std::size_t i) const noexcept;

  /// All bytes held.
  std::size_t bytes() const noexcept { return storage_.size(); }

  /// All memory held, empty space included.
  std::size_t footprint() const noexcept {
    return storage_.capacity() + frames_.capacity() * sizeof(frame);
  }

  /// Charges the footprint from now on. What a batch holds is there already:
  /// the budget does not deny it.
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

/// Cuts at `delimiter`. Holds at most `max_bytes` of an unfinished frame; what
/// it holds beyond limits::kept_max_bytes is charged to a budget. Ordinary
/// frames are smaller, so that whoever uses the budget up takes nobody's.
class framer {
public:
  /// What happens to a frame of more than `max_bytes`, or for which the budget
  /// has no room.
  enum class overflow {
    drop, ///< it is left out when its end arrives; the next one is served
    fail, ///< the machine stops: feed() returns false from then on
  };

  framer(char delimiter, std::size_t max_bytes, overflow policy,
         byte_budget_ptr budget = nullptr) noexcept;

  /// Takes `bytes` and appends every frame they complete to `out`. No byte is
  /// scanned twice. False once a frame was too long under overflow::fail:
  /// close the peer, there is no resynchronising.
  bool feed(std::string_view bytes, frame_batch& out);

  /// The stream's end: an unfinished, non-empty frame counts as whole, a too
  /// long one as dropped. For lines only; an unfinished varlink message is
  /// nothing.
  void finish(frame_batch& out);

  /// Frames left out because they were too long, or there was no room.
  std::uint64_t dropped() const noexcept { return dropped_; }

  /// Of those, the ones for which there was no room; one that stopped the
  /// machine counts, too.
  std::uint64_t starved() const noexcept { return starved_; }

  /// Bytes of the unfinished frame that are held.
  std::size_t pending() const noexcept { return pending_.size(); }

private:
  void overflowed(bool no_room);
  void keep(std::string_view part);
  void complete(std::string_view part, frame_batch& out);
  void release();

  char delimiter_;
  bool skipping_ = false; // inside of a frame that is too long
  bool failed_ = false;
  bool no_room_ = false; // why
  overflow policy_;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0;
  std::uint64_t starved_ = 0;
  std::string pending_;
  byte_charge charge_; // for pending_
};

/// JSON lines of readers: too long ones are dropped.
framer line_framer(byte_budget_ptr budget = nullptr);

/// Varlink messages: a too long one ends the connection.
framer nul_framer(byte_budget_ptr budget = nullptr);

} // namespace clearance::protocol
