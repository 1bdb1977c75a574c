#include "services/client/watch.hpp"

#include "services/client/event_text.hpp"
#include "services/client/hub_finder.hpp"
#include "services/client/hub_name.hpp"
#include "services/client/hub_subscription.hpp"
#include "services/client/line_writer.hpp"
#include "services/client/repeated_blocks.hpp"
#include "services/client/stop_signals.hpp"
#include "services/client/varlink_client.hpp"
#include "services/client/wall_time.hpp"
#include "services/client/watched_hosts.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/standard_descriptors.hpp"
#include "services/process/stderr_lines.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

// One thread and one poll over: the signals, stdout (does anybody read?), the
// directories, every hub, and every ssh. The thread sleeps until one of them
// has something to say, or until a hub that does not listen yet is to be tried
// again.
namespace clearance::services {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// How often to look when the kernel cannot tell us to.
constexpr auto blind_interval = 5s;

/// A hub does not wait for a client that takes no event for so long. Source:
/// protocol/contract/clearance.md, section 4.
constexpr auto hub_pause_limit = 50ms;

/// `path` for a hint, which may be pasted somewhere else: absolute, unless it
/// would be too long for a socket or the working directory is gone.
std::string hint_path(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::absolute(path, error).string();
  return error || result.size() > socket_path_max_bytes ? path : result;
}

bool contains(const std::vector<std::string>& all, const std::string& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

/// With the day, if it is another one than today.
std::string time_text(std::int64_t at, std::int64_t now) {
  const bool is_today = local_text(at, "%F") == local_text(now, "%F");
  return local_text(at, is_today ? "%H:%M:%S" : "%F %H:%M:%S");
}

class watcher {
public:
  explicit watcher(const watch_config& config)
      : config_(config),
        style_{!config.json && wants_color(config.color, STDOUT_FILENO),
               config.default_socket},
        finder_(config.clearance_sockets,
                config.all ? config.runtime_directory : std::string{}),
        hosts_(config.hosts, complain),
        stop_(stop_signals()),
        continued_(signal_descriptor({SIGCONT})),
        out_(STDOUT_FILENO, stop_.get()),
        names_hubs_(config.all || !config.hosts.empty()
                    || config.clearance_sockets.size() > 1) {
    for (const auto& path : config.clearance_sockets) {
      hubs_.try_emplace(hub_name(path), path, complain);
      hint_paths_.try_emplace(path, hint_path(path));
    }
  }

  int run();

private:
  void look();
  bool look_at(hub_subscription& hub, bool is_there,
               const std::map<std::string, watched_hosts::sighting>& far,
               time_point now);
  void poll_once();
  bool read_ready(std::span<const pollfd> entries,
                  std::span<hub_subscription* const> hubs);
  int timeout() const;
  void read(hub_subscription& hub);
  bool take(const hub_subscription& hub, const announcement& x);
  void flush();
  void check_hubs();
  void on_continued();
  const std::string& hint_path_of(const std::string& path) const;

  bool asked_for(const std::string& path) const {
    return contains(config_.clearance_sockets, path);
  }

  const watch_config& config_;
  event_style style_;
  hub_finder finder_;
  watched_hosts hosts_;
  descriptor stop_;
  descriptor continued_;
  line_writer out_;
  std::map<std::string, std::string> hint_paths_; // of those asked for
  bool said_none_ = false;
  clock::time_point awake_since_;                // when the last poll returned
  std::map<std::string, hub_subscription> hubs_; // by name
  announcement_reader reader_;
  repeated_blocks repeated_;
  bool names_hubs_;   // more than one may be followed
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
  const auto paths = finder_.look();
  const auto far = hosts_.hubs();
  for (const auto& path : paths)
    hubs_.try_emplace(hub_name(path), path, complain);
  for (const auto& [name, x] : far)
    hubs_.try_emplace(name, x.route, complain);
  const auto now = clock::now();
  for (auto i = hubs_.begin(); i != hubs_.end();) {
    auto& hub = i->second;
    i = look_at(hub, contains(paths, hub.path()), far, now) ? std::next(i)
                                                            : hubs_.erase(i);
  }
  if (config_.all && hubs_.empty() && !std::exchange(said_none_, true))
    complain("no hub below " + shown(config_.runtime_directory)
             + " yet; waiting for one");
  check_hubs();
}

// False: the hub is to be forgotten.
bool watcher::look_at(hub_subscription& hub, bool is_there,
                      const std::map<std::string, watched_hosts::sighting>& far,
                      time_point now) {
  if (!hub.is_far()) {
    if (!is_there && !hub.following() && !asked_for(hub.path()))
      return false;
    hub.seen(is_there, now);
    return true;
  }
  if (const auto i = far.find(hub.path()); i != far.end())
    hub.announced(i->second.epoch, now);
  else if (hub.following())
    hub.retry(now); // its connection's end tells when it is gone
  else
    return false;
  return true;
}

int watcher::timeout() const {
  auto next = hosts_.due();
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
  std::vector<pollfd> entries{{stop_.get(), POLLIN, 0},
                              {out_.fd(), 0, 0},
                              {finder_.fd(), POLLIN, 0},
                              {continued_.get(), POLLIN, 0}};
  const auto first_hub = entries.size();
  std::vector<hub_subscription*> hubs;
  for (auto& [path, hub] : hubs_) {
    if (!hub.following())
      continue;
    entries.push_back({hub.fd(), POLLIN, 0});
    entries.push_back({hub.question_fd(), POLLIN, 0}); // -1 is ignored
    hubs.push_back(&hub);
  }
  const auto first_host = entries.size();
  hosts_.append(entries);
  int n = ::poll(entries.data(), entries.size(), timeout());
  awake_since_ = clock::now();
  if (n < 0) {
    if (errno == EINTR)
      return;
    complain("cannot wait: " + error_text(errno));
    code_ = exit_failed;
    return;
  }
  // That nobody reads any more is an order to stop, as a signal is.
  if (entries[0].revents != 0 || entries[1].revents != 0) {
    code_ = exit_ok;
    return;
  }
  if (entries[3].revents != 0)
    on_continued();
  const std::span all{entries};
  bool must_look = hosts_.handle(all.subspan(first_host), clock::now());
  must_look = read_ready(all.subspan(first_hub), hubs) || must_look;
  if (code_)
    return;
  // After the hubs, because looking may forget some of them. At the end of a
  // pause, too: it costs little, and where the kernel gives no notices there is
  // no other way.
  if (must_look || entries[2].revents != 0 || n == 0)
    look();
}

// `entries` has two for each hub. Returns whether a hub of another machine is
// not followed any more.
bool watcher::read_ready(std::span<const pollfd> entries,
                         std::span<hub_subscription* const> hubs) {
  bool result = false;
  for (std::size_t i = 0; i < hubs.size() && !code_; ++i) {
    auto& hub = *hubs[i];
    const auto& answer = entries[2 * i + 1];
    if (entries[2 * i].revents != 0)
      read(hub);
    if (answer.revents != 0 && answer.fd == hub.question_fd())
      hub.read_answer(clock::now());
    result = result || (hub.is_far() && !hub.following());
  }
  return result;
}

// Ctrl-Z and then `fg`: nothing was read in between.
void watcher::on_continued() {
  signalfd_siginfo ignored{};
  (void)!::read(continued_.get(), &ignored, sizeof(ignored));
  for (auto& [path, hub] : hubs_)
    hub.neglected("this program was stopped", clock::now());
}

void watcher::read(hub_subscription& hub) {
  if (clock::now() - awake_since_ > hub_pause_limit)
    hub.neglected("stdout took too long", clock::now());
  hub.read(
      reader_, [&](const announcement& x) { return take(hub, x); },
      clock::now());
  flush();
  if (!code_)
    check_hubs();
}

bool watcher::take(const hub_subscription& hub, const announcement& x) {
  const auto now = wall_microseconds();
  // When it happened: a block may have waited in the hub for hours.
  const auto known = x.known ? hub.time_of(*x.known) : std::nullopt;
  const auto at = known.value_or(now);
  const auto& path = hint_path_of(hub.path());
  if (config_.json) {
    lines_ += event_json(x.json, path, at);
  } else {
    const auto time = time_text(at, now);
    event_circumstances around{time, path};
    if (names_hubs_)
      around.hub = hub_label(path);
    if (hub.is_far())
      around.host = host_of(path);
    if (x.known) {
      around.repeated = repeated_.add(path, *x.known);
      lines_ += event_text(*x.known, around, style_);
    } else {
      lines_ += unknown_event_text(x.json, around, style_);
    }
  }
  ++shown_;
  return shown_ != config_.count;
}

const std::string& watcher::hint_path_of(const std::string& path) const {
  auto i = hint_paths_.find(path);
  return i == hint_paths_.end() ? path : i->second;
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
  // With `all` or a host another one may come at any time.
  bool lost = !config_.all && config_.hosts.empty()
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
  auto paths = config.clearance_sockets;
  if (config.all)
    paths.push_back(config.default_socket);
  for (const auto& path : config.clearance_sockets)
    if (const auto why = readers_socket_fault(path); !why.empty()) {
      complain(why);
      return exit_failed;
    }
  for (const auto& path : paths)
    if (path.size() > socket_path_max_bytes) {
      complain(cannot_connect(path, {ENAMETOOLONG}));
      return exit_failed;
    }
  // Events must come although nobody reads stderr.
  never_wait_for_stderr();
  return watcher{config}.run();
}

} // namespace clearance::services
