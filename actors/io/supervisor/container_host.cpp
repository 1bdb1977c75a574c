#include "actors/io/supervisor/container_host.hpp"

#include "actors/io/base/ran_out.hpp"
#include "actors/io/base/readiness.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "protocol/text/error_text.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <caf/send.hpp>

#include <cerrno>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;

namespace {

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

actors::watched unwatched(int error) {
  return {nullptr, error == ESRCH, protocol::error_text(error), ran_out(error)};
}

} // namespace

container_host::container_host(asio::io_context& context) : context_(context) {
  // nop
}

std::string container_host::make_private(const std::string& path) {
  return make_private_directory(path);
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

} // namespace clearance::io
