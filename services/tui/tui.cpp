#include "services/tui/tui.hpp"

#include "protocol/operator/client_limits.hpp"
#include "services/client/interactive.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/stop_signals.hpp"
#include "services/client/wall_time.hpp"
#include "services/process/exit_code.hpp"
#include "services/tui/curses_terminal.hpp"
#include "services/tui/screen.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

// One thread and one poll over: the signals, the keys and the hubs. A change is
// drawn at once, if the last picture is 50 ms old, or else then. When nothing
// happens, the thread sleeps until the clock shows another minute.
namespace clearance::services {

namespace {

using namespace std::chrono_literals;
using steady_clock = std::chrono::steady_clock;
namespace limits = protocol::client_limits;

/// How often a program in the background looks whether it has the terminal.
constexpr auto away_interval = 1s;

class tui_program {
public:
  explicit tui_program(const tui_config& config)
      : signals_(signal_descriptor(
          {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT})),
        terminal_(wants_color(config.color, STDOUT_FILENO), config.mouse),
        hubs_({config.clearance_sockets, config.runtime_directory, "tui",
               config.hosts},
              list_),
        screen_(list_, terminal_.has_lines(), config.runtime_directory),
        keys_(config.mouse) {
    // nop
  }

  int run();

private:
  void poll_once();
  int timeout() const;
  std::optional<steady_clock::time_point> silence_at() const;
  void read_keys();
  void press(const std::vector<key>& keys);
  void grant(const screen_wish& x);
  void take_signals();
  void suspend();
  void take_terminal();
  void draw();

  descriptor signals_;
  curses_terminal terminal_;
  protocol::prompt_list list_;
  operator_hubs hubs_;
  screen screen_;
  key_reader keys_;
  steady_clock::time_point heard_at_{}; // the last byte of the terminal
  steady_clock::time_point drawn_at_{};
  std::uint64_t drawn_version_ = 0;
  std::int64_t drawn_minute_ = 0;
  bool is_dirty_ = true;
  bool is_away_ = false; // in the background: a shell has the terminal
  bool is_over_ = false;
};

int tui_program::run() {
  draw(); // before the hubs: there is something to see at once
  hubs_.look(steady_clock::now());
  while (!is_over_) {
    if (list_.version() != drawn_version_
        || wall_microseconds() / 60'000'000 != drawn_minute_)
      is_dirty_ = true;
    if (is_away_)
      take_terminal();
    if (is_dirty_ && !is_away_
        && steady_clock::now() - drawn_at_ >= limits::picture_interval)
      draw();
    poll_once();
  }
  return exit_ok;
}

void tui_program::draw() {
  const auto wall = wall_microseconds();
  const auto clock = local_text(wall, "%H:%M");
  drawn_at_ = steady_clock::now();
  drawn_version_ = list_.version();
  drawn_minute_ = wall / 60'000'000;
  is_dirty_ = false;
  terminal_.show(screen_.draw(terminal_.rows(), terminal_.columns(),
                              {drawn_at_, wall, clock, {}}));
  // Nobody sees what a slow terminal has not taken: the time on the screen
  // begins with the next picture.
  if (steady_clock::now() - drawn_at_ > limits::picture_blocked_max) {
    screen_.hidden();
    is_dirty_ = true;
  }
}

int tui_program::timeout() const {
  const auto now = steady_clock::now();
  const auto wall = wall_microseconds();
  // The next minute.
  auto next = now + std::chrono::microseconds{60'000'000 - wall % 60'000'000};
  // The kernel does not tell that `fg` of a shell gave the terminal back.
  if (is_away_)
    next = std::min(next, now + away_interval);
  else if (is_dirty_)
    next = std::min(next, drawn_at_ + limits::picture_interval);
  if (const auto at = silence_at())
    next = std::min(next, *at);
  if (const auto due = hubs_.due())
    next = std::min(next, *due);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void tui_program::poll_once() {
  std::vector<pollfd> entries{{signals_.get(), POLLIN, 0},
                              {is_away_ ? -1 : STDIN_FILENO, POLLIN, 0}};
  const auto first_hub = entries.size();
  hubs_.append(entries);
  if (::poll(entries.data(), entries.size(), timeout()) < 0)
    return; // EINTR
  hubs_.handle(std::span{entries}.subspan(first_hub), steady_clock::now());
  if (entries[0].revents != 0)
    take_signals();
  if (entries[1].revents != 0) {
    read_keys();
  } else if (const auto at = silence_at(); at && steady_clock::now() >= *at) {
    std::vector<key> keys;
    keys_.time_out(keys);
    press(keys);
  }
}

std::optional<steady_clock::time_point> tui_program::silence_at() const {
  const auto wait = keys_.wait();
  return wait ? std::optional{heard_at_ + *wait} : std::nullopt;
}

void tui_program::read_keys() {
  std::array<char, 4096> buffer{};
  const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n <= 0) {
    is_over_ = true; // the terminal is gone
    return;
  }
  const std::string_view bytes{buffer.data(), static_cast<std::size_t>(n)};
  // Who presses Ctrl-C again and again must not prolong what swallows it.
  if (!keys_.is_in_text()
      || bytes.find_first_not_of('\x03') != std::string_view::npos)
    heard_at_ = steady_clock::now();
  std::vector<key> keys;
  keys_.feed(bytes, keys);
  press(keys);
}

void tui_program::press(const std::vector<key>& keys) {
  for (const auto& x : keys) {
    if (is_over_)
      return;
    // A key is meant for what is on the screen.
    if (list_.version() != drawn_version_)
      draw();
    const auto wall = wall_microseconds();
    const auto expires =
        local_text(wall + std::int64_t{30} * 24 * 3600 * 1'000'000, "%Y-%m-%d");
    for (const auto& wish :
         screen_.press(x, {steady_clock::now(), wall, {}, expires}))
      grant(wish);
    is_dirty_ = true;
  }
}

void tui_program::grant(const screen_wish& x) {
  const auto now = steady_clock::now();
  if (const auto* decide = std::get_if<decide_wish>(&x)) {
    hubs_.decide(
        decide->prompt, decide->revision, decide->action, decide->reason,
        [this, of = *decide](const decision_outcome& y) {
          screen_.decided(of, y);
          is_dirty_ = true;
        },
        now, decide->seconds);
  } else if (const auto* explain = std::get_if<explain_wish>(&x)) {
    hubs_.explain(
        explain->prompt,
        [this, number = explain->number](const call_result& y) {
          screen_.explained(number, y);
          is_dirty_ = true;
        },
        now);
  } else if (const auto* quiet = std::get_if<quiet_wish>(&x)) {
    hubs_.quiet(
        quiet->hub, quiet->container, quiet->on,
        [this, of = *quiet](const call_result& y) {
          screen_.quieted(of, y);
          is_dirty_ = true;
        },
        now);
  } else if (const auto* rules = std::get_if<rules_wish>(&x)) {
    hubs_.rules(
        rules->hub,
        [this, hub = rules->hub](const call_result& y) {
          screen_.got_rules(hub, y);
          is_dirty_ = true;
        },
        now);
  } else if (std::holds_alternative<suspend_wish>(x)) {
    suspend();
  } else if (std::holds_alternative<redraw_wish>(x)) {
    terminal_.forget_picture();
  } else {
    is_over_ = true;
  }
}

void tui_program::suspend() {
  screen_.hidden();
  terminal_.suspend();
  is_away_ = true;
  take_terminal();
}

// After `bg` the terminal is the shell's, and nothing may be drawn on it.
void tui_program::take_terminal() {
  if (!terminal_.is_ours())
    return;
  is_away_ = false;
  terminal_.resume();
  screen_.hidden();
  is_dirty_ = true;
}

void tui_program::take_signals() {
  signalfd_siginfo x{};
  while (::read(signals_.get(), &x, sizeof(x)) == sizeof(x)) {
    switch (static_cast<int>(x.ssi_signo)) {
    case SIGWINCH:
      terminal_.resized();
      is_dirty_ = true;
      break;
    case SIGTSTP:
      suspend();
      break;
    case SIGCONT:
      // Somebody stopped the process by force: the terminal may show anything.
      is_away_ = true;
      take_terminal();
      break;
    default:
      is_over_ = true;
      break;
    }
  }
}

} // namespace

int tui(const tui_config& config) {
  if (!is_interactive()) {
    complain("the terminal interface needs a terminal with TERM set, as stdin "
             "and stdout; use `terok-clearance --plain` for lines of text");
    return exit_usage;
  }
  if (const auto why = runtime_fault(config.clearance_sockets, config.hosts,
                                     config.runtime_directory);
      !why.empty()) {
    complain(why);
    return exit_failed;
  }
  return tui_program{config}.run();
}

} // namespace clearance::services
