// The watch of a child owns itself through its pending wait, so that a child
// whose owner went is still reaped, and nothing ever waits for it.

#include "actors/io/child.hpp"

#include "protocol/limits.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
using boost::system::error_code;

class child_process::watch : public std::enable_shared_from_this<watch> {
public:
  watch(asio::io_context& ioc, exit_handler on_exit)
      : pidfd_(ioc), on_exit_(std::move(on_exit)) {
    // nop
  }

  // Reached with a live child only when the io_context is destroyed first.
  ~watch() {
    if (pid_ <= 0 || reaped_)
      return;
    kill_group();
    pollfd fd{pidfd_.native_handle(), POLLIN, 0};
    ::poll(&fd, 1, static_cast<int>(protocol::limits::child_reap_wait.count()));
    reap(); // or it stays for init
  }

  int start(const spawn_plan& plan) {
    auto child = spawn(plan);
    if (child.error != 0)
      return child.error;
    pid_ = child.pid;
    error_code ec;
    pidfd_.assign(child.pidfd.get(), ec);
    if (ec) { // no memory for the watch: nobody could tell its end
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

  void forget() noexcept { on_exit_ = nullptr; }

  pid_t pid() const noexcept { return pid_; }

private:
  void await_exit() {
    pidfd_.async_wait(
        asio::posix::descriptor_base::wait_read,
        [self = shared_from_this()](error_code) { self->exited(); });
  }

  void exited() {
    kill_group();
    auto status = reap();
    if (!reaped_)
      return await_exit();
    pidfd_.close();
    if (auto on_exit = std::exchange(on_exit_, nullptr))
      on_exit(status);
  }

  // By pid: Asio has made the pidfd non-blocking, so P_PIDFD may say EAGAIN.
  // ECHILD, where a host ignores SIGCHLD, comes out as a death by signal 0.
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
};

child_process::child_process(child_process&&) noexcept = default;

child_process& child_process::operator=(child_process&& other) noexcept {
  child_process old(std::move(other));
  std::swap(watch_, old.watch_);
  return *this;
}

child_process::~child_process() {
  if (watch_) {
    watch_->forget();
    watch_->kill_group();
  }
}

int child_process::start(asio::io_context& ioc, const spawn_plan& plan,
                         exit_handler on_exit) {
  watch_ = std::make_shared<watch>(ioc, std::move(on_exit));
  return watch_->start(plan);
}

void child_process::signal_group(int signal) noexcept {
  if (watch_)
    watch_->signal_group(signal);
}

void child_process::kill_group() noexcept {
  signal_group(SIGKILL);
}

pid_t child_process::pid() const noexcept {
  return watch_ ? watch_->pid() : -1;
}

} // namespace clearance::io
