#include "services/notify/notify.hpp"

#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/stop_signals.hpp"
#include "services/client/wall_time.hpp"
#include "services/notify/notification_bus.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

// One thread and one poll over: the signals, the bus, the hubs, and the clock
// if there are quiet hours. It sleeps until one of them has something to say.
namespace clearance::services {

namespace {

using steady_time = std::chrono::steady_clock;

/// Seconds of the local day.
int second_of_day() {
  const auto text = local_text(wall_microseconds(), "%H:%M:%S");
  const auto two = [&](std::size_t at) {
    return (text.at(at) - '0') * 10 + text.at(at + 1) - '0';
  };
  return (two(0) * 60 + two(3)) * 60 + two(6);
}

class notify_program {
public:
  explicit notify_program(const notify_config& config);

  int run();

private:
  void poll_once();
  int timeout() const;
  void take_signals();
  void check_hours();
  void grant(const notification_wish& x);
  void open() const;
  void say_once(const std::string& what);
  notification_events events();

  const notify_config& config_;
  descriptor signals_;
  descriptor clock_;
  protocol::prompt_list list_;
  operator_hubs hubs_;
  notification_plan plan_;
  notification_bus bus_;
  std::uint64_t planned_version_ = ~std::uint64_t{0};
  std::string said_; // the last thing that was wrong with the bus
  bool is_over_ = false;
};

notification_choice choice_of_environment() {
  std::vector<std::string> unknown;
  const auto result =
      // This program has one thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
      choice_of(std::getenv("TEROK_CLEARANCE_NOTIFY_EVENTS"), unknown);
  for (const auto& word : unknown)
    complain("TEROK_CLEARANCE_NOTIFY_EVENTS: " + shown(word)
             + " is none of blocked, verdict, shield, container and all; it is "
               "ignored");
  return result;
}

notify_program::notify_program(const notify_config& config)
    : config_(config),
      signals_(signal_descriptor({SIGINT, SIGTERM, SIGCHLD})),
      clock_(config.quiet
                 ? ::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)
                 : -1),
      hubs_({config.clearance_sockets, config.runtime_directory, "notify"},
            list_),
      plan_(choice_of_environment()),
      bus_(events()) {
  std::signal(SIGPIPE, SIG_IGN);
}

notification_events notify_program::events() {
  return {[this](notification_abilities x) {
            said_.clear();
            plan_.server_came(x);
          },
          [this](const std::string& why) {
            plan_.server_gone();
            say_once(why + "; waiting for one");
          },
          [this](std::uint64_t tag, std::uint32_t id) { plan_.shown(tag, id); },
          [this](std::uint64_t tag, const std::string& why) {
            plan_.not_shown(tag, steady_time::now());
            say_once("the desktop refuses a notification: " + why);
          },
          [this](std::uint32_t id) { plan_.closed(id); },
          [this](std::uint32_t id, std::string_view key) {
            grant(plan_.clicked(id, key, list_));
          }};
}

void notify_program::say_once(const std::string& what) {
  if (said_ != what)
    complain(what);
  said_ = what;
}

int notify_program::run() {
  if (!signals_) {
    complain("cannot wait for signals: " + error_text(errno));
    return exit_failed;
  }
  check_hours();
  hubs_.look(steady_time::now());
  while (!is_over_) {
    if (list_.version() != planned_version_) {
      planned_version_ = list_.version();
      plan_.update(list_);
    }
    for (const auto& call : plan_.calls(steady_time::now()))
      bus_.call(call);
    poll_once();
  }
  return exit_ok;
}

int notify_program::timeout() const {
  std::optional<steady_time::time_point> next;
  for (const auto& at : {plan_.due(), bus_.due(), hubs_.due()})
    if (at && (!next || *at < *next))
      next = at;
  if (!next)
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*next - steady_time::now());
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, 24 * 3600 * 1000));
}

void notify_program::poll_once() {
  std::vector<pollfd> entries{{signals_.get(), POLLIN, 0},
                              {clock_.get(), POLLIN, 0}};
  const auto first_hub = entries.size();
  hubs_.append(entries);
  const auto end_hubs = entries.size();
  bus_.append(entries);
  if (::poll(entries.data(), entries.size(), timeout()) < 0)
    return; // EINTR
  if (entries[0].revents != 0)
    take_signals();
  if (entries[1].revents != 0)
    check_hours();
  hubs_.handle(std::span{entries}.subspan(first_hub, end_hubs - first_hub),
               steady_time::now());
  bus_.handle(steady_time::now());
}

void notify_program::take_signals() {
  signalfd_siginfo x{};
  while (::read(signals_.get(), &x, sizeof(x)) == sizeof(x))
    if (static_cast<int>(x.ssi_signo) == SIGCHLD)
      while (::waitpid(-1, nullptr, WNOHANG) > 0)
        continue;
    else
      is_over_ = true;
}

// The timer also fires when somebody sets the clock.
void notify_program::check_hours() {
  if (!config_.quiet)
    return;
  std::uint64_t ignored = 0;
  (void)!::read(clock_.get(), &ignored, sizeof(ignored));
  const auto second = second_of_day();
  const int minute = second / 60;
  plan_.set_quiet(config_.quiet->contain(minute));
  hubs_.set_attends(!config_.quiet->contain(minute), steady_time::now());
  itimerspec at{};
  at.it_value.tv_sec = wall_microseconds() / 1'000'000 - second % 60
                       + 60L * config_.quiet->until_change(minute);
  ::timerfd_settime(clock_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
                    &at, nullptr);
}

void notify_program::grant(const notification_wish& x) {
  if (std::holds_alternative<notification_open>(x))
    open();
  const auto* decide = std::get_if<notification_decide>(&x);
  if (decide == nullptr)
    return;
  hubs_.decide(
      decide->prompt, decide->revision, decide->action, {},
      [this, number = decide->number](const decision_outcome& y) {
        using kind = decision_outcome::kind;
        // Who decided it is shown when the list changes.
        if (y.what != kind::done && y.what != kind::already
            && y.what != kind::gone)
          plan_.not_decided(number, y.text);
      },
      steady_time::now());
}

void notify_program::open() const {
  std::string shell = "sh";
  std::string option = "-c";
  std::string command = config_.open_command;
  char* words[] = {shell.data(), option.data(), command.data(), nullptr};
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID
                                              | POSIX_SPAWN_SETSIGMASK
                                              | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const auto error =
      ::posix_spawn(&pid, "/bin/sh", nullptr, &attributes, words, environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0)
    complain("cannot start /bin/sh for --open: " + error_text(error));
}

} // namespace

int notify(const notify_config& config) {
  return notify_program{config}.run();
}

} // namespace clearance::services
