#include "services/client/relay_mux.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/operator/client_limits.hpp"
#include "protocol/text/error_text.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

namespace limits = protocol::client_limits;
using protocol::error_text;

/// Frames that wait for the other end. Beyond it no channel is read; beyond
/// four times as much, no frame: the other end asks and does not listen.
constexpr auto unsent_max_bytes = limits::relay_frame_max_bytes;

/// Writes to a socket without SIGPIPE, or to a pipe, whose reader the owner
/// watches.
ssize_t write_some(int fd, std::string_view bytes) {
  const auto n =
      ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return n < 0 && errno == ENOTSOCK ? ::write(fd, bytes.data(), bytes.size())
                                    : n;
}

/// Removes from `bytes` what `fd` takes. Returns how much that was; -1: broken.
ssize_t write_what_fits(int fd, std::string& bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto n = write_some(fd, std::string_view{bytes}.substr(written));
    if (n >= 0)
      written += static_cast<std::size_t>(n);
    else if (errno == EAGAIN)
      break;
    else if (errno != EINTR)
      return -1;
  }
  bytes.erase(0, written);
  return static_cast<ssize_t>(written);
}

} // namespace

relay_mux::relay_mux(int in, int out, relay_role role)
    : in_(in),
      out_(out),
      role_(std::move(role)),
      framer_('\0', limits::relay_frame_max_bytes,
              protocol::framer::overflow::fail) {
  // nop
}

bool relay_mux::is_full() const noexcept {
  return unsent_.size() >= unsent_max_bytes;
}

void relay_mux::announce(std::vector<std::string> paths) {
  append_relay_frame(unsent_, protocol::relay_hubs{std::move(paths)});
}

bool relay_mux::open(const std::string& hub, descriptor local) {
  if (channels_.size() >= limits::relay_channels_max)
    return false;
  do
    ++last_number_;
  while (channels_.contains(last_number_));
  channels_.emplace(last_number_, channel{std::move(local)});
  append_relay_frame(unsent_, protocol::relay_open{last_number_, hub});
  return true;
}

void relay_mux::append(std::vector<pollfd>& to) const {
  if (unsent_.size() < 4 * unsent_max_bytes)
    to.push_back({in_, POLLIN, 0});
  if (!unsent_.empty())
    to.push_back({out_, POLLOUT, 0});
  for (const auto& [number, x] : channels_) {
    const bool reads =
        !x.ends && x.waiting.empty() && x.sender.may_send() && !is_full();
    const auto events = (reads ? POLLIN : 0) | (x.unsent.empty() ? 0 : POLLOUT);
    // Without events it would be reported again and again that the other end
    // is gone.
    if (events != 0)
      to.push_back({x.local.get(), static_cast<short>(events), 0});
  }
}

std::string relay_mux::handle(std::span<const pollfd> entries) {
  std::string why;
  for (const auto& entry : entries) {
    if (entry.revents == 0)
      continue;
    if (entry.fd == in_ && (entry.events & POLLIN) != 0) {
      if (why = read(); !why.empty())
        return why;
      continue;
    }
    for (auto& [number, x] : channels_)
      if (x.local.get() == entry.fd) {
        ready(number, x, entry.revents);
        break;
      }
  }
  return flush();
}

std::string relay_mux::read() {
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  const auto n = ::read(in_, buffer.data(), buffer.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return {};
  if (n < 0)
    return "it broke the connection: " + error_text(errno);
  if (n == 0)
    return std::string{closed};
  return take({buffer.data(), static_cast<std::size_t>(n)});
}

std::string relay_mux::take(std::string_view bytes) {
  protocol::frame_batch frames;
  const bool fits = framer_.feed(bytes, frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto why = std::visit(
        [this](auto&& x) { return take_frame(std::forward<decltype(x)>(x)); },
        protocol::parse_relay_frame(frames.at(i)));
    if (!why.empty())
      return why;
  }
  return fits ? "" : "it sent a frame that is too long";
}

std::string relay_mux::take_frame(const protocol::relay_fault& x) {
  return x.why;
}

std::string relay_mux::take_frame(protocol::relay_hubs x) {
  if (!role_.hubs)
    return "it sent hubs, which only a relay has";
  role_.hubs(std::move(x.paths));
  return {};
}

std::string relay_mux::take_frame(const protocol::relay_open& x) {
  if (!role_.open)
    return "it opened a channel, which only a client does";
  if (channels_.contains(x.channel))
    return "it opened a channel that is open";
  auto refuse = [&](std::string why) {
    append_relay_frame(unsent_,
                       protocol::relay_close{x.channel, std::move(why)});
    return std::string{};
  };
  if (channels_.size() >= limits::relay_channels_max)
    return refuse("too many channels are open");
  auto opened = role_.open(x.hub);
  if (auto* why = std::get_if<std::string>(&opened))
    return refuse(std::move(*why));
  channels_.emplace(x.channel,
                    channel{std::move(std::get<descriptor>(opened))});
  return {};
}

std::string relay_mux::take_frame(const protocol::relay_data& x) {
  const auto i = channels_.find(x.channel);
  if (i == channels_.end() || i->second.ends)
    return {}; // it crossed the end of the channel
  auto& to = i->second;
  if (!to.receiver.received(x.message.size() + 1))
    return "it sent more than it had credit for";
  to.unsent += x.message;
  to.unsent += '\0';
  flush_local(x.channel, to);
  return {};
}

std::string relay_mux::take_frame(const protocol::relay_credit& x) {
  const auto i = channels_.find(x.channel);
  if (i == channels_.end())
    return {};
  if (!i->second.sender.grant(x.bytes))
    return "it granted more credit than a channel has";
  send_waiting(x.channel, i->second);
  return {};
}

std::string relay_mux::take_frame(const protocol::relay_close& x) {
  const auto i = channels_.find(x.channel);
  if (i == channels_.end())
    return {};
  i->second.ends = true;
  if (i->second.unsent.empty())
    channels_.erase(i);
  return {};
}

std::string relay_mux::flush() {
  return write_what_fits(out_, unsent_) < 0 ? std::string{closed}
                                            : std::string{};
}

void relay_mux::ready(std::uint32_t number, channel& x, short events) {
  if (!x.unsent.empty())
    flush_local(number, x);
  if (x.ends && x.unsent.empty())
    channels_.erase(number);
  else if (!x.ends && (events & (POLLIN | POLLHUP | POLLERR)) != 0
           && x.waiting.empty() && !read_local(number, x))
    close(number, "the hub closed the connection");
}

bool relay_mux::read_local(std::uint32_t number, channel& x) {
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  const auto n = ::recv(x.local.get(), buffer.data(), buffer.size(), 0);
  if (n <= 0)
    return n < 0 && (errno == EAGAIN || errno == EINTR);
  protocol::frame_batch frames;
  bool fits =
      x.framer.feed({buffer.data(), static_cast<std::size_t>(n)}, frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto message = frames.at(i);
    // What does not look like an object could not be told from the frame.
    fits = fits && message.size() <= protocol::relayed_message_max_bytes()
           && message.starts_with('{') && message.ends_with('}');
    if (fits)
      x.waiting.emplace_back(message);
  }
  send_waiting(number, x);
  return fits;
}

void relay_mux::send_waiting(std::uint32_t number, channel& x) {
  while (!x.waiting.empty() && x.sender.may_send()) {
    const auto& message = x.waiting.front();
    append_relay_frame(unsent_, protocol::relay_data{number, message});
    x.sender.sent(message.size() + 1);
    x.waiting.pop_front();
  }
}

void relay_mux::flush_local(std::uint32_t number, channel& x) {
  const auto n = write_what_fits(x.local.get(), x.unsent);
  if (n < 0) {
    // Who closed the connection may have answered before: the end shows when
    // it is read.
    x.unsent.clear();
    return;
  }
  if (const auto bytes = x.receiver.passed_on(static_cast<std::size_t>(n));
      bytes > 0 && !x.ends)
    append_relay_frame(unsent_, protocol::relay_credit{number, bytes});
}

void relay_mux::close(std::uint32_t number, std::string_view reason) {
  if (channels_.erase(number) > 0)
    append_relay_frame(unsent_,
                       protocol::relay_close{number, std::string{reason}});
}

} // namespace clearance::services
