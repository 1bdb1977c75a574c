#include "services/client/watch.hpp"

#include "services/client/event_text.hpp"
#include "services/client/hub_finder.hpp"
#include "services/client/hub_subscription.hpp"
#include "services/client/line_writer.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/standard_descriptors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <map>
#include <optional>
#include <poll.h>
#include <sys/signalfd.h>

// One thread, one poll over: the signals, stdout (does anybody read?), the
// directories, and every hub. It sleeps until one of them has something to say
// or a hub that is there but does not listen is to be tried again.
namespace clearance::services {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// How often to look when the kernel cannot tell us to.
constexpr auto blind_interval = 5s;

/// A descriptor that is readable after SIGINT or SIGTERM.
descriptor stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  return descriptor{::signalfd(-1, &set, SFD_CLOEXEC)};
}

std::string local_time() {
  auto now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 16> text{};
  auto n = std::strftime(text.data(), text.size(), "%H:%M:%S", &parts);
  return {text.data(), n};
}

class watcher {
public:
  explicit watcher(const watch_config& config)
      : config_(config),
        style_{!config.json && wants_color(config.color, STDOUT_FILENO),
               config.default_socket},
        finder_(config.clearance_sockets,
                config.all ? config.runtime_directory : std::string{}),
        stop_(stop_signals()),
        out_(STDOUT_FILENO, stop_.get()) {
    for (const auto& path : config.clearance_sockets)
      hubs_.try_emplace(path, path, complain);
  }

  int run();

private:
  void look();
  void poll_once();
  int timeout() const;
  void read(hub_subscription& hub);
  bool take(const hub_subscription& hub, const announcement& x);
  void flush();
  void check_hubs();

  bool asked_for(const std::string& path) const {
    const auto& paths = config_.clearance_sockets;
    return std::find(paths.begin(), paths.end(), path) != paths.end();
  }

  const watch_config& config_;
  event_style style_;
  hub_finder finder_;
  descriptor stop_;
  line_writer out_;
  std::map<std::string, hub_subscription> hubs_;
  announcement_reader reader_;
  std::string lines_; // of one read, not written yet
  std::uint64_t shown_ = 0;
  std::optional<int> code_; // set: it is over
};

int watcher::run() {
  if (!stop_) {
    complain("cannot wait for signals: " + error_text(errno));
    return exit_failed;
  }
  look();
  while (!code_)
    poll_once();
  return *code_;
}

void watcher::look() {
  auto paths = finder_.look();
  auto there = [&paths](const std::string& path) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
  };
  for (const auto& path : paths)
    hubs_.try_emplace(path, path, complain);
  auto now = clock::now();
  for (auto i = hubs_.begin(); i != hubs_.end();) {
    auto& [path, hub] = *i;
    if (!there(path) && !hub.following() && !asked_for(path)) {
      i = hubs_.erase(i);
      continue;
    }
    hub.seen(there(path), now);
    ++i;
  }
  check_hubs();
}

int watcher::timeout() const {
  std::optional<clock::time_point> next;
  auto now = clock::now();
  if (finder_.blind())
    next = now + blind_interval;
  for (const auto& [path, hub] : hubs_)
    if (auto at = hub.retry_at(); at && (!next || *at < *next))
      next = at;
  if (!next)
    return -1;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - now);
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void watcher::poll_once() {
  std::vector<pollfd> entries{
      {stop_.get(), POLLIN, 0}, {out_.fd(), 0, 0}, {finder_.fd(), POLLIN, 0}};
  std::vector<hub_subscription*> hubs;
  for (auto& [path, hub] : hubs_) {
    if (!hub.following())
      continue;
    entries.push_back({hub.fd(), POLLIN, 0});
    hubs.push_back(&hub);
  }
  int n = ::poll(entries.data(), entries.size(), timeout());
  if (n < 0) {
    if (errno == EINTR)
      return;
    complain("cannot wait: " + error_text(errno));
    code_ = exit_failed;
    return;
  }
  // Nobody reads any more: like a signal, an order to stop.
  if (entries[0].revents != 0 || entries[1].revents != 0) {
    code_ = exit_ok;
    return;
  }
  for (std::size_t i = 0; i < hubs.size() && !code_; ++i)
    if (entries[i + 3].revents != 0)
      read(*hubs[i]);
  if (code_)
    return;
  // Behind the hubs: looking may forget some of them. At the end of a pause,
  // too: it costs little, and the blind have nothing else.
  if (entries[2].revents != 0 || n == 0)
    look();
}

void watcher::read(hub_subscription& hub) {
  hub.read(
      reader_, [&](const announcement& x) { return take(hub, x); },
      clock::now());
  flush();
  if (!code_)
    check_hubs();
}

bool watcher::take(const hub_subscription& hub, const announcement& x) {
  if (config_.json)
    lines_ += x.json + '\n';
  else if (x.known)
    // Absolute: the hint may be pasted somewhere else.
    lines_ +=
        event_text(*x.known, local_time(),
                   std::filesystem::absolute(hub.path()).string(), style_);
  else
    lines_ += unknown_event_text(x.json, local_time(), style_);
  ++shown_;
  return shown_ != config_.count;
}

void watcher::flush() {
  auto result = out_.write(std::exchange(lines_, {}));
  if (result == line_writer::result::failed) {
    complain("cannot write: " + error_text(errno));
    code_ = exit_failed;
  } else if (result != line_writer::result::written
             || (config_.count != 0 && shown_ == config_.count)) {
    code_ = exit_ok;
  }
}

void watcher::check_hubs() {
  // With `all` another one may come at any time.
  bool lost = !config_.all
              && std::all_of(hubs_.begin(), hubs_.end(),
                             [](const auto& x) { return x.second.refused(); });
  if (lost)
    code_ = exit_failed;
}

} // namespace

int watch(const watch_config& config) {
  if (!has_stdout()) {
    complain("watch shows events on stdout, and stdout is closed; open it or "
             "redirect it to a file");
    return exit_failed;
  }
  return watcher{config}.run();
}

} // namespace clearance::services
