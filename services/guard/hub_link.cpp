#include "services/guard/hub_link.hpp"

#include "protocol/guard/limits.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/reader_lines.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/say.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;

constexpr protocol::backoff_limits redial{
    limits::hub_redial_first, limits::hub_redial_max, limits::hub_redial_max};

} // namespace

hub_link::hub_link(std::string path, emit_line greeting)
    : path_(std::move(path)), greeting_(std::move(greeting)), delay_(redial) {
  if (path_.empty())
    send(greeting_);
  else
    next_try_ = time_point{}; // at once
}

std::optional<hub_link::time_point> hub_link::due() const noexcept {
  return fd_ ? std::nullopt : next_try_;
}

void hub_link::maintain(time_point now) {
  if (path_.empty())
    return;
  if (!fd_) {
    if (next_try_ && now >= *next_try_)
      connect(now);
    return;
  }
  // A hub says nothing to a reader: whatever can be read is its end.
  char byte = 0;
  const auto n = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    lost(now, "the hub closed the connection");
  else
    flush(now);
}

void hub_link::connect(time_point now) {
  auto result = connect_unix(path_, std::chrono::milliseconds::zero());
  if (const auto* error = std::get_if<connect_error>(&result)) {
    if (!std::exchange(told_away_, true))
      say(cannot_connect(path_, *error)
          + "; blocks are told when a hub is there");
    next_try_ = now + delay_.ended(now);
    return;
  }
  fd_ = std::move(std::get<descriptor>(result));
  delay_.started(now);
  told_away_ = false;
  append_line(unsent_, greeting_);
  flush(now);
}

void hub_link::lost(time_point now, const std::string& why) {
  say(why + "; blocks are told when a hub is there again");
  told_away_ = true;
  fd_.reset();
  unsent_.clear();
  next_try_ = now + delay_.ended(now);
}

bool hub_link::flush(time_point now) {
  while (!unsent_.empty()) {
    const auto n = ::send(fd_.get(), unsent_.data(), unsent_.size(),
                          MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return false;
    if (n < 0) {
      lost(now, "the hub cannot be written to: " + error_text(errno));
      return false;
    }
    unsent_.erase(0, static_cast<std::size_t>(n));
  }
  return true;
}

bool hub_link::send(const emit_line& x) {
  if (path_.empty()) {
    std::string line;
    append_line(line, x);
    return print(line).empty();
  }
  // A line that was begun is ended first; a hub that does not read gets no
  // second one to be held here.
  const auto now = std::chrono::steady_clock::now();
  if (!fd_ || !flush(now))
    return false;
  append_line(unsent_, x);
  flush(now);
  return static_cast<bool>(fd_);
}

void hub_link::finish() {
  const auto end = std::chrono::steady_clock::now() + limits::hub_last_lines;
  while (fd_ && !unsent_.empty()) {
    if (wait_for(fd_.get(), POLLOUT, end) != waited::ready)
      return;
    flush(std::chrono::steady_clock::now());
  }
}

} // namespace clearance::services
