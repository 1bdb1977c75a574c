#include "services/process/stderr_lines.hpp"

#include "protocol/base/log_limits.hpp"

#include <climits>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

using std::chrono::steady_clock;

// A pipe that polls as writable takes PIPE_BUF bytes without blocking (pipe(7),
// "PIPE_BUF"); so do sockets. A terminal promises less. A pseudoterminal that
// polls as writable has room for 256 bytes (the kernel's tty_buffer.c). It
// writes a line break, as two characters, by itself: tried, a write of both
// text and line break may block between them.
constexpr std::size_t terminal_piece_bytes = 128;

stderr_lines& of_process() {
  static stderr_lines result{STDERR_FILENO, protocol::log_limits::flush_max};
  return result;
}

} // namespace

bool stderr_lines::await_room() noexcept {
  const auto begin = steady_clock::now();
  pollfd entry{fd_, POLLOUT, 0};
  int n = 0;
  do {
    n = ::poll(&entry, 1, static_cast<int>(time_left_.count()));
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
        steady_clock::now() - begin);
    time_left_ =
        n == 0 ? std::chrono::milliseconds{0}
               : std::max(time_left_ - waited, std::chrono::milliseconds{0});
  } while (n < 0 && errno == EINTR && time_left_.count() > 0);
  return n > 0;
}

bool stderr_lines::write_piece(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (!await_room())
      return false;
    const auto n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR)
      return false;
    bytes.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  return true;
}

// In pieces that are as large as possible: lines of several programs must not
// mix.
bool stderr_lines::write(
    std::initializer_list<std::string_view> parts) noexcept {
  std::array<char, PIPE_BUF> buffer;
  const bool is_terminal = ::isatty(fd_) == 1;
  const auto piece = is_terminal ? terminal_piece_bytes : buffer.size();
  std::size_t used = 0;
  bool begun = false;
  auto flush = [&] {
    const bool result = write_piece({buffer.data(), used});
    cut_ = !result && (begun || cut_);
    begun = begun || result;
    lost_ += result ? 0 : 1;
    used = 0;
    return result;
  };
  auto take = [&](std::string_view part) {
    while (!part.empty()) {
      const bool is_break = is_terminal && part.front() == '\n';
      if ((used == piece || (is_break && used > 0)) && !flush())
        return false;
      auto n = std::min(part.size(), piece - used);
      if (is_terminal)
        n = is_break ? 1 : std::min(n, part.find('\n'));
      std::memcpy(buffer.data() + used, part.data(), n);
      used += n;
      part.remove_prefix(n);
      if (is_break && !flush())
        return false;
    }
    return true;
  };
  if (cut_ && !take("\n"))
    return false;
  for (const auto part : parts)
    if (!take(part))
      return false;
  return used == 0 || flush();
}

// In one write: a pipe that polls as writable may have room for one alone.
bool stderr_lines::say(std::string_view program,
                       std::string_view what) noexcept {
  const auto lost = std::exchange(lost_, 0);
  if (lost == 0)
    return write({program, ": ", what, "\n"});
  std::array<char, 24> number{};
  const auto* end =
      std::to_chars(number.data(), number.data() + number.size(), lost).ptr;
  const bool result =
      write({program,
             ": nobody read stderr for a while, messages were lost: ",
             {number.data(), static_cast<std::size_t>(end - number.data())},
             "\n",
             program,
             ": ",
             what,
             "\n"});
  lost_ += result ? 0 : lost;
  return result;
}

void say_on_stderr(std::string_view program, std::string_view what) noexcept {
  of_process().say(program, what);
}

void write_stderr(std::string_view text) noexcept {
  of_process().write({text});
}

void never_wait_for_stderr() noexcept {
  of_process().wait_no_more();
}

} // namespace clearance::services
