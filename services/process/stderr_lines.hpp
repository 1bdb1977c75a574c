/// What programs say to people on stderr, without ever waiting long for a
/// reader: a full pipe, a terminal after Ctrl-S, a logger that hangs. What a
/// service logs is written by log_writer instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace clearance::services {

/// Writes texts to a descriptor that other processes share. Therefore the
/// descriptor stays blocking: poll() says when it takes some bytes, and not
/// more than these are written at once. What finds no room is lost, and
/// counted. Allocates no memory, so that "out of memory" can be said.
class stderr_lines {
public:
  /// Borrows `fd`. All texts together wait for room at most `time_limit`.
  stderr_lines(int fd, std::chrono::milliseconds time_limit) noexcept
      : fd_(fd), time_left_(time_limit) {}

  /// Writes `parts` one after the other; the last one ends with a line break.
  /// Returns false if they, or their end, are lost.
  bool write(std::initializer_list<std::string_view> parts) noexcept;

  /// Writes the line `PROGRAM: WHAT`. If texts were lost before, a line says
  /// first how many.
  bool say(std::string_view program, std::string_view what) noexcept;

  /// From now on a text that finds no room is lost at once.
  void wait_no_more() noexcept { time_left_ = {}; }

  /// Texts that were lost and of which no line has told.
  std::uint64_t lost() const noexcept { return lost_; }

private:
  bool write_piece(std::string_view bytes) noexcept;
  bool await_room() noexcept;

  int fd_;
  std::chrono::milliseconds time_left_; // what is left of it
  std::uint64_t lost_ = 0;
  bool cut_ = false; // the last text was written in part
};

/// The line `PROGRAM: WHAT` on stderr; see stderr_lines. `what` is printable.
void say_on_stderr(std::string_view program, std::string_view what) noexcept;

/// `text` on stderr as it is, for example a usage error's two lines.
void write_stderr(std::string_view text) noexcept;

/// For a program that has other things to do than to wait for its reader, such
/// as to report blocks. Children that it forks later do not wait either.
void never_wait_for_stderr() noexcept;

} // namespace clearance::services
