// The pending wait keeps the watch of a child alive. So a child is reaped even
// if its owner is gone, and nobody has to wait for it.
//
// A group is ended in three steps: its pipes are closed, then it gets SIGTERM,
// then SIGKILL. When git's input ends, git removes its temporary files. If all
// its processes got a signal at once, one could remove a directory in which
// another still writes.
//
// A process that waits for a disk gets no SIGKILL until it runs again, whoever
// asks for it: SIGKILL would end it as soon as the disk answers, and git would
// leave its lock files behind. It gets SIGTERM meanwhile, which git handles
// then. The table of processes is read for this. That takes milliseconds on a
// machine with hundreds of processes, so it is not done when a leader has ended
// by itself with exit code 0: such a git has waited for all that it started.

#include "actors/io/process/child.hpp"

#include "actors/io/base/readiness.hpp"
#include "actors/io/process/group_sleep.hpp"
#include "protocol/base/limits.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <poll.h>
#include <sys/wait.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
namespace limits = protocol::limits;
using boost::system::error_code;

class child_process::watch : public std::enable_shared_from_this<watch> {
  using clock = std::chrono::steady_clock;

public:
  watch(asio::io_context& ioc, exit_handler on_exit)
      : pidfd_(ioc), on_exit_(std::move(on_exit)), timer_(ioc) {
    // nop
  }

  // Runs with a live child only if the io_context is destroyed first. Groups
  // that are ending at the same time share the waiting time here.
  ~watch() {
    if (pid_ <= 0 || reaped_)
      return;
    if (step_ == step::pipes && !wait_until(due_))
      terminate_group();
    if (step_ == step::term)
      wait_until(due_);
    if (!sleeps_uninterruptibly(pid_))
      signal_group(SIGKILL);
    else if (step_ != step::term)
      signal_group(SIGTERM);
    wait_until(clock::now() + limits::child_reap_wait);
    reap(); // otherwise init reaps the child
  }

  int start(const spawn_plan& plan) {
    auto child = spawn(plan);
    if (child.error != 0)
      return child.error;
    pid_ = child.pid;
    error_code ec;
    pidfd_.assign(child.pidfd.get(), ec);
    if (ec) { // no memory for the watch, so nobody could notice the child's end
      signal_group(SIGKILL); // it has just begun, and has no lock yet
      while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
        continue;
      reaped_ = true;
      return ec.value();
    }
    child.pidfd.release();
    await_exit();
    return 0;
  }

  void kill_group() noexcept {
    if (pid_ <= 0 || reaped_ || step_ == step::kill)
      return;
    if (!sleeps_uninterruptibly(pid_))
      return kill_now();
    step_ = step::kill;
    signal_group(SIGTERM);
    await_due(clock::now() + limits::child_term_grace);
  }

  void end_group() {
    if (pid_ <= 0 || reaped_ || step_ != step::none)
      return;
    step_ = step::pipes;
    await_due(clock::now() + limits::child_pipe_grace);
  }

  void forget() noexcept {
    on_exit_ = nullptr;
    if (step_ == step::none)
      kill_group();
  }

  pid_t pid() const noexcept { return pid_; }

private:
  // The last step that was taken to end the group. `kill`: SIGKILL is due, but
  // some process of the group sleeps uninterruptibly. `killed`: it was sent.
  enum class step { none, pipes, term, kill, killed };

  void signal_group(int signal) noexcept {
    if (pid_ > 0 && !reaped_)
      ::kill(-pid_, signal);
  }

  void kill_now() noexcept {
    step_ = step::killed;
    signal_group(SIGKILL);
  }

  void terminate_group() noexcept {
    step_ = step::term;
    due_ = clock::now() + limits::child_term_grace;
    signal_group(SIGTERM);
  }

  // Without memory for the timer nobody looks again until the leader exits or
  // the io_context ends.
  void await_due(clock::time_point due) noexcept try {
    due_ = due;
    timer_.expires_at(due_);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec && !self->reaped_)
        self->take_next_step();
    });
  } catch (const std::exception&) {
    // nop
  }

  void take_next_step() {
    if (leader_ended_)
      return exited();
    if (step_ == step::pipes)
      terminate_group();
    else if (!sleeps_uninterruptibly(pid_))
      return kill_now();
    else
      due_ = clock::now() + limits::child_term_grace;
    await_due(due_);
  }

  // True if the child has exited.
  bool wait_until(clock::time_point end) noexcept {
    using namespace std::chrono;
    const auto left = ceil<milliseconds>(end - clock::now()).count();
    pollfd fd{pidfd_.native_handle(), POLLIN, 0};
    return ::poll(&fd, 1, left > 0 ? static_cast<int>(left) : 0) > 0;
  }

  void await_exit() {
    pidfd_.async_wait(
        asio::posix::descriptor_base::wait_read,
        [self = shared_from_this()](error_code) { self->exited(); });
  }

  void exited() {
    if (!shows(pidfd_.native_handle(), POLLIN))
      return await_exit();
    if (step_ != step::killed && !ended_well()
        && sleeps_uninterruptibly(pid_)) // one of the others
      return exited_too_early();
    signal_group(SIGKILL);
    auto status = reap();
    if (!reaped_)
      return await_exit();
    pidfd_.close();
    timer_.cancel();
    if (auto on_exit = std::exchange(on_exit_, nullptr))
      on_exit(status);
  }

  // The leader is reaped when the others can be killed.
  void exited_too_early() noexcept {
    leader_ended_ = true;
    if (step_ != step::kill)
      signal_group(SIGTERM);
    step_ = step::kill;
    await_due(clock::now() + limits::child_term_grace);
  }

  // The leader has exited with 0, and nobody asked it to end.
  bool ended_well() const noexcept {
    siginfo_t info{};
    return step_ == step::none
           && ::waitid(P_PID, static_cast<id_t>(pid_), &info,
                       WEXITED | WNOHANG | WNOWAIT)
                  == 0
           && info.si_code == CLD_EXITED && info.si_status == 0;
  }

  // Waits by pid, because Asio made the pidfd non-blocking and P_PIDFD may fail
  // with EAGAIN. If the application ignores SIGCHLD the result is ECHILD, which
  // is reported as killed by signal 0.
  exit_status reap() noexcept {
    siginfo_t info{};
    auto id = static_cast<id_t>(pid_);
    int rc = 0;
    while ((rc = ::waitid(P_PID, id, &info, WEXITED | WNOHANG)) < 0
           && errno == EINTR)
      continue;
    reaped_ = rc < 0 || info.si_pid == pid_;
    return {info.si_code != CLD_EXITED, info.si_status};
  }

  asio::posix::stream_descriptor pidfd_;
  exit_handler on_exit_;
  pid_t pid_ = -1;
  bool reaped_ = false;
  bool leader_ended_ = false; // it is reaped later
  asio::steady_timer timer_;
  step step_ = step::none;
  clock::time_point due_{};
};

child_process::child_process(child_process&&) noexcept = default;

child_process& child_process::operator=(child_process&& other) noexcept {
  child_process old(std::move(other));
  std::swap(watch_, old.watch_);
  return *this;
}

child_process::~child_process() {
  if (watch_)
    watch_->forget();
}

int child_process::start(asio::io_context& ioc, const spawn_plan& plan,
                         exit_handler on_exit) {
  watch_ = std::make_shared<watch>(ioc, std::move(on_exit));
  return watch_->start(plan);
}

void child_process::kill_group() noexcept {
  if (watch_)
    watch_->kill_group();
}

void child_process::end_group() {
  if (watch_)
    watch_->end_group();
}

pid_t child_process::pid() const noexcept {
  return watch_ ? watch_->pid() : -1;
}

} // namespace clearance::io
