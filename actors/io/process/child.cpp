// The pending wait keeps the watch of a child alive. So a child is reaped even
// if its owner is gone, and nobody has to wait for it.
//
// A group is ended in three steps: its pipes are closed, then it gets SIGTERM,
// then SIGKILL. When git's input ends, git removes its temporary files. If all
// its processes got a signal at once, one could remove a directory in which
// another still writes. A process that waits for a disk gets no SIGKILL until
// it runs again, because it could not remove its files then.

#include "actors/io/process/child.hpp"

#include "actors/io/base/readiness.hpp"
#include "actors/io/process/group_sleep.hpp"
#include "protocol/base/limits.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
namespace limits = protocol::limits;
using boost::system::error_code;

class child_process::watch : public std::enable_shared_from_this<watch> {
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
    if (warning_ == warning::pipes && !wait_until(due_))
      warn();
    if (warning_ == warning::term)
      wait_until(due_);
    if (!must_wait())
      kill_group();
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
      kill_group();
      while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
        continue;
      reaped_ = true;
      return ec.value();
    }
    child.pidfd.release();
    await_exit();
    return 0;
  }

  void signal_group(int signal) noexcept {
    if (pid_ > 0 && !reaped_)
      ::kill(-pid_, signal);
  }

  void kill_group() noexcept { signal_group(SIGKILL); }

  void end_group() {
    if (pid_ <= 0 || reaped_ || warning_ != warning::none)
      return;
    warning_ = warning::pipes;
    due_ = clock::now() + limits::child_pipe_grace;
    await_due();
  }

  void forget() noexcept {
    on_exit_ = nullptr;
    if (warning_ == warning::none)
      kill_group();
  }

  pid_t pid() const noexcept { return pid_; }

private:
  using clock = std::chrono::steady_clock;

  // The last step that was taken to end a group.
  enum class warning { none, pipes, term };

  void warn() noexcept {
    warning_ = warning::term;
    due_ = clock::now() + limits::child_term_grace;
    signal_group(SIGTERM);
  }

  void await_due() {
    timer_.expires_at(due_);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (ec || self->reaped_)
        return;
      if (self->warning_ == warning::pipes)
        self->warn();
      else if (self->must_wait())
        self->due_ = clock::now() + limits::child_term_grace;
      else
        return self->kill_group();
      self->await_due();
    });
  }

  // A group that is being ended and that SIGKILL would not reach now. Others
  // are killed all the same.
  bool must_wait() const {
    return warning_ != warning::none && sleeps_uninterruptibly(pid_);
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
    if (must_wait()) { // another process of the group waits
      timer_.expires_after(limits::child_term_grace);
      timer_.async_wait([self = shared_from_this()](error_code ec) {
        if (!ec)
          self->exited();
      });
      return;
    }
    kill_group();
    auto status = reap();
    if (!reaped_)
      return await_exit();
    pidfd_.close();
    timer_.cancel();
    if (auto on_exit = std::exchange(on_exit_, nullptr))
      on_exit(status);
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
  asio::steady_timer timer_;
  warning warning_ = warning::none;
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
