/// Whole messages out of a stream of bytes: lines of readers, NUL-ended varlink
/// messages. Pure machines; bytes may come cut anywhere.
#pragma once

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

private:
  struct frame {
    std::uint32_t offset;
    std::uint32_t size;
  };

  std::string storage_ = std::string(padding, '\0');
  std::vector<frame> frames_;
};

/// Cuts at `delimiter`. Holds at most `max_bytes` of an unfinished frame.
class framer {
public:
  /// What happens to a frame of more than `max_bytes`.
  enum class overflow {
    drop, ///< it is left out when its end arrives; the next one is served
    fail, ///< the machine stops: feed() returns false from then on
  };

  framer(char delimiter, std::size_t max_bytes, overflow policy) noexcept;

  /// Takes `bytes` and appends every frame they complete to `out`. No byte is
  /// scanned twice. False once a frame was too long under overflow::fail:
  /// close the peer, there is no resynchronising.
  bool feed(std::string_view bytes, frame_batch& out);

  /// The stream's end: an unfinished, non-empty frame counts as whole, a too
  /// long one as dropped. For lines only; an unfinished varlink message is
  /// nothing.
  void finish(frame_batch& out);

  /// Frames left out because they were too long.
  std::uint64_t dropped() const noexcept { return dropped_; }

  /// Bytes of the unfinished frame that are held.
  std::size_t pending() const noexcept { return pending_.size(); }

private:
  void overflowed();
  void keep(std::string_view part);
  void complete(std::string_view part, frame_batch& out);

  char delimiter_;
  bool skipping_ = false; // inside of a frame that is too long
  bool failed_ = false;
  overflow policy_;
  std::size_t max_bytes_;
  std::uint64_t dropped_ = 0;
  std::string pending_;
};

/// JSON lines of readers: too long ones are dropped.
framer line_framer();

/// Varlink messages: a too long one ends the connection.
framer nul_framer();

} // namespace clearance::protocol
