#include "services/client/plain.hpp"

#include "protocol/operator/client_limits.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/line_writer.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/plain_session.hpp"
#include "services/client/stop_signals.hpp"
#include "services/client/wall_time.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/standard_descriptors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <optional>
#include <poll.h>
#include <random>
#include <unistd.h>

// One thread and one poll over: the signals, stdin, stdout (does anybody read?)
// and the hubs. A command waits until the hubs that there are have sent their
// prompts: a script may write `l` at once.
namespace clearance::services {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// A hub that connects and then sends nothing does not hold commands up for
/// longer.
constexpr auto snapshot_wait = 5s;

/// Commands that wait for it. More stay in stdin.
constexpr std::size_t held_lines_max = 256;

/// Three digits, others in each run: what was typed for another run, or before
/// anybody has read a line, decides nothing.
std::uint64_t number_before_first() {
  return 100 + std::random_device{}() % 800;
}

std::string time_of_day() {
  return local_text(wall_microseconds(), "%H:%M:%S");
}

class plain_program {
public:
  explicit plain_program(const plain_config& config)
      : config_(config),
        hubs_({config.clearance_sockets, config.runtime_directory, "plain",
               config.hosts},
              list_),
        session_(config.json, number_before_first()),
        stop_(stop_signals()),
        out_(STDOUT_FILENO, stop_.get()) {
    // nop
  }

  int run();

private:
  void poll_once();
  int timeout() const;
  void read_input();
  void take_commands();
  bool is_loading() const;
  void grant(const plain_session::wish& x);
  void show_changes();
  void flush();

  const plain_config& config_;
  protocol::prompt_list list_;
  operator_hubs hubs_;
  plain_session session_;
  descriptor stop_;
  line_writer out_;
  std::string unread_;            // the line of stdin that is not complete
  std::deque<std::string> lines_; // complete ones
  bool input_ended_ = false;
  std::size_t calls_ = 0; // that hubs have not answered
  std::uint64_t shown_version_ = 0;
  bool said_none_ = false;
  steady::time_point begun_ = steady::now();
  std::optional<int> code_;
};

int plain_program::run() {
  if (!stop_) {
    complain("cannot wait for signals: " + error_text(errno));
    return exit_failed;
  }
  session_.begin(time_of_day());
  hubs_.look(steady::now());
  while (!code_) {
    show_changes();
    take_commands();
    flush();
    if (!code_ && input_ended_ && lines_.empty() && calls_ == 0)
      code_ = exit_ok;
    if (!code_)
      poll_once();
  }
  return *code_;
}

void plain_program::show_changes() {
  if (list_.hubs().empty() && list_.hosts().empty() && !said_none_) {
    said_none_ = true;
    session_.problem("No hub yet below " + shown(config_.runtime_directory)
                         + "; waiting for one. To start one: terok-clearance "
                           "serve --inline-verdict",
                     time_of_day());
  }
  if (list_.version() == shown_version_)
    return;
  shown_version_ = list_.version();
  session_.update(list_, wall_microseconds(), time_of_day());
}

bool plain_program::is_loading() const {
  return steady::now() - begun_ < snapshot_wait && list_.is_loading();
}

void plain_program::take_commands() {
  while (!lines_.empty() && !is_loading() && !code_) {
    const auto line = std::move(lines_.front());
    lines_.pop_front();
    grant(session_.command(line, list_, wall_microseconds(), time_of_day()));
    // What a decision changed has another line before the next command.
    show_changes();
  }
}

void plain_program::grant(const plain_session::wish& x) {
  const auto now = steady::now();
  if (std::holds_alternative<plain_session::wants_end>(x)) {
    lines_.clear();
    input_ended_ = true;
  } else if (const auto* decide =
                 std::get_if<plain_session::wants_decision>(&x)) {
    ++calls_;
    hubs_.decide(
        decide->prompt, decide->revision, decide->action, decide->reason,
        [this, number = decide->number](const decision_outcome& outcome) {
          --calls_;
          session_.decision(number, outcome, time_of_day());
        },
        now);
  } else if (const auto* explain =
                 std::get_if<plain_session::wants_explanation>(&x)) {
    ++calls_;
    hubs_.explain(
        explain->prompt,
        [this, number = explain->number](const call_result& result) {
          --calls_;
          session_.explanation(number, result, time_of_day());
        },
        now);
  } else if (const auto* quiet = std::get_if<plain_session::wants_quiet>(&x)) {
    ++calls_;
    hubs_.quiet(
        quiet->hub, quiet->container, quiet->on,
        [this, of = *quiet](const call_result& y) {
          --calls_;
          session_.quiet(of, y, time_of_day());
        },
        now);
  }
}

int plain_program::timeout() const {
  auto next = hubs_.due();
  if (!lines_.empty()) {
    const auto end = begun_ + snapshot_wait;
    next = next ? std::min(*next, end) : end;
  }
  if (!next)
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*next - steady::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void plain_program::poll_once() {
  // A negative descriptor is not polled.
  const bool reads = !input_ended_ && lines_.size() < held_lines_max;
  std::vector<pollfd> entries{{stop_.get(), POLLIN, 0},
                              {out_.fd(), 0, 0},
                              {reads ? STDIN_FILENO : -1, POLLIN, 0}};
  const auto first_hub = entries.size();
  hubs_.append(entries);
  if (::poll(entries.data(), entries.size(), timeout()) < 0) {
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
  if (entries[2].revents != 0)
    read_input();
  hubs_.handle(std::span{entries}.subspan(first_hub), steady::now());
}

void plain_program::read_input() {
  std::array<char, 4096> buffer{};
  const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n <= 0) {
    input_ended_ = true;
    session_.input_ended(unread_, time_of_day());
    return;
  }
  for (char c : std::string_view{buffer.data(), static_cast<std::size_t>(n)}) {
    if (c != '\n') {
      // One byte more than is allowed: the parser then says that it is too
      // long.
      if (unread_.size() <= protocol::client_limits::command_line_max_bytes)
        unread_ += c;
      continue;
    }
    lines_.push_back(std::move(unread_));
    unread_.clear();
  }
}

void plain_program::flush() {
  const auto text = session_.take_output();
  if (text.empty())
    return;
  switch (out_.write(text)) {
  case line_writer::result::written:
    break;
  case line_writer::result::stopped:
  case line_writer::result::nobody_reads:
    code_ = exit_ok;
    break;
  case line_writer::result::failed:
    complain("cannot write: " + error_text(errno));
    code_ = exit_failed;
    break;
  }
}

} // namespace

int plain(const plain_config& config) {
  if (!has_stdout()) {
    complain("--plain writes to stdout, and stdout is closed; open it or "
             "redirect it to a file");
    return exit_failed;
  }
  if (const auto why = runtime_fault(config.clearance_sockets, config.hosts,
                                     config.runtime_directory);
      !why.empty()) {
    complain(why);
    return exit_failed;
  }
  return plain_program{config}.run();
}

} // namespace clearance::services
