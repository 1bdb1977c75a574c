// sd_notify() is not used, for three reasons. It reads the socket's name from
// the environment at each call, so every program that we start would find the
// name, too. It waits while systemd is busy, on the thread that serves
// everybody. And the sandbox keeps a process from connecting. Here the socket
// is connected once, at the start.

#include "services/process/notifier.hpp"

#include "actors/io/socket/unix_address.hpp"
#include "protocol/text/text.hpp"

#include <chrono>
#include <cstdlib>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace {

io::unique_fd connect_to(const std::string& name) {
  const bool is_known = name.starts_with('/') || name.starts_with('@');
  const auto address = io::unix_address::of_name(name);
  if (!is_known || !address)
    return {};
  io::unique_fd result{
      ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!result || ::connect(result.get(), address->data(), address->size()) != 0)
    return {};
  return result;
}

// What systemd's own clock shows. Source: sd_notify(3), MONOTONIC_USEC.
std::string monotonic_microseconds() {
  using namespace std::chrono;
  static_assert(steady_clock::is_steady);
  auto now = steady_clock::now().time_since_epoch();
  return std::to_string(duration_cast<microseconds>(now).count());
}

// One line: a line break would begin another assignment.
std::string status_of(const std::string& text) {
  return "STATUS=" + protocol::escaped(text);
}

} // namespace

notifier::notifier(const std::string& address) : socket_(connect_to(address)) {
  // nop
}

notifier::notifier(notifier&& other) noexcept
    : socket_(std::move(other.socket_)), stopping_(other.stopping_.load()) {
  // nop
}

notifier notifier::from_environment() {
  constexpr auto* variable = "NOTIFY_SOCKET";
  const char* value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe)
  const std::string address = value != nullptr ? value : "";
  ::unsetenv(variable); // NOLINT(concurrency-mt-unsafe)
  return notifier{address};
}

bool notifier::ready(const std::string& status) {
  return stopping_ || send("READY=1\n" + status_of(status));
}

bool notifier::status(const std::string& status) {
  return stopping_ || send(status_of(status));
}

bool notifier::alive() {
  return send("WATCHDOG=1");
}

void notifier::reloading() {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void notifier::reloaded() {
  send("READY=1");
}

void notifier::stopping() {
  stopping_ = true;
  send("STOPPING=1\nSTATUS=stopping");
}

void notifier::failed(const std::string& why) {
  stopping_ = true;
  send(status_of(why));
}

bool notifier::send(std::string_view assignments) const {
  return !socket_
         || ::send(socket_.get(), assignments.data(), assignments.size(),
                   MSG_NOSIGNAL)
                >= 0;
}

} // namespace clearance::services
