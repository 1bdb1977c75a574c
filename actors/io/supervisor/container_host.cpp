#include "actors/io/supervisor/container_host.hpp"

#include "actors/io/base/ran_out.hpp"
#include "actors/io/base/readiness.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "actors/io/gate/hook_files.hpp"
#include "actors/io/gate/lock_files.hpp"
#include "actors/io/process/child.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "protocol/text/error_text.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <caf/send.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;

namespace {

constexpr std::size_t lock_files_at_a_time = 64;

/// A pidfd becomes readable when its process ends, whether it is reaped or not.
/// The pending wait keeps this object alive. After close() it reports nothing.
class pid_wait : public std::enable_shared_from_this<pid_wait> {
public:
  pid_wait(asio::io_context& context, unique_fd pidfd, pid_t pid,
           const actors::process_watcher& owner)
      : pidfd_(context, pidfd.get()), pid_(pid), owner_(owner) {
    pidfd.release();
  }

  void start() {
    pidfd_.async_wait(asio::posix::descriptor_base::wait_read,
                      [self = shared_from_this()](auto error) {
                        if (!error && self->pidfd_.is_open())
                          self->woken();
                      });
  }

  void stop() {
    boost::system::error_code ignored;
    pidfd_.close(ignored);
  }

private:
  void woken() {
    if (shows(pidfd_.native_handle(), POLLIN))
      caf::anon_send(owner_, actors::process_gone{pid_});
    else
      start();
  }

  asio::posix::stream_descriptor pidfd_;
  pid_t pid_;
  actors::process_watcher owner_;
};

class pid_watch final : public actors::process_watch {
public:
  explicit pid_watch(std::shared_ptr<pid_wait> wait) : wait_(std::move(wait)) {
    wait_->start();
  }
  pid_watch(const pid_watch&) = delete;
  pid_watch& operator=(const pid_watch&) = delete;
  ~pid_watch() override { wait_->stop(); }

private:
  std::shared_ptr<pid_wait> wait_;
};

// A few files at a time: others use this thread, too.
void look_on(asio::io_context& context, std::shared_ptr<lock_search> search) {
  asio::post(context, [&context, search = std::move(search)] {
    if (search->look(lock_files_at_a_time))
      look_on(context, search);
    else
      search->report();
  });
}

actors::watched unwatched(int error) {
  return {nullptr, error == ESRCH, protocol::error_text(error), ran_out(error)};
}

class running_child final : public actors::service_child {
public:
  running_child(asio::io_context& context, actors::service_child_id id,
                actors::service_child_owner owner)
      : context_(context), id_(id), owner_(std::move(owner)) {
    // nop
  }

  /// As child_process::start().
  int start(const spawn_plan& plan) {
    return child_.start(context_, plan, [this](exit_status x) { ended(x); });
  }

  void end() override { signal(SIGTERM); }
  void reload() override { signal(SIGHUP); }

private:
  // Until the child is reaped no other process has its number.
  void signal(int which) {
    if (!ended_ && child_.pid() > 0)
      ::kill(child_.pid(), which);
  }

  void ended(exit_status x) {
    ended_ = true;
    caf::anon_send(owner_, actors::service_child_ended{
                               id_, !x.signaled && x.value == 0,
                               (x.signaled ? "signal " : "exit code ")
                                   + std::to_string(x.value)});
  }

  asio::io_context& context_;
  actors::service_child_id id_;
  actors::service_child_owner owner_;
  bool ended_ = false;
  // the last member, because it calls us while it lives
  child_process child_;
};

} // namespace

container_host::container_host(asio::io_context& context) : context_(context) {
  // nop
}

std::string container_host::make_private(const std::string& path) {
  return make_private_directory(path, open_to_others::close);
}

void container_host::settle_hooks(const std::string& directory,
                                  const std::string& program) {
  io::settle_hooks(directory, program);
}

void container_host::look_for_locks(const std::string& repository) {
  look_on(context_, std::make_shared<lock_search>(repository));
}

actors::watched container_host::watch(pid_t pid,
                                      actors::process_watcher owner) try {
  unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd)
    return unwatched(errno);
  return {std::make_unique<pid_watch>(std::make_shared<pid_wait>(
              context_, std::move(pidfd), pid, owner)),
          false,
          {},
          false};
} catch (const boost::system::system_error& why) {
  return unwatched(why.code().value());
}

actors::started_child container_host::run_service(
    actors::service_child_id id, const std::vector<std::string>& argv,
    actors::service_child_owner owner, actors::at_hangup hangup) {
  spawn_plan plan;
  plan.program = find_program(argv.front());
  if (plan.program.empty())
    return {nullptr, argv.front() + " was not found"};
  const unique_fd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!null)
    return {nullptr, "/dev/null: " + protocol::error_text(errno)};
  plan.argv = argv;
  plan.environment = own_environment();
  plan.stdin_fd = null.get();
  plan.stdout_fd = STDERR_FILENO;
  plan.stderr_fd = STDERR_FILENO;
  plan.dies_with_us = true;
  plan.hangup_waits = hangup == actors::at_hangup::wait;
  auto result = std::make_unique<running_child>(context_, id, std::move(owner));
  if (const int error = result->start(plan); error != 0)
    return {nullptr, plan.program + ": " + protocol::error_text(error)};
  return {std::move(result), {}};
}

} // namespace clearance::io
