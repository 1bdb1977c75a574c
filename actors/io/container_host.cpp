#include "actors/io/container_host.hpp"

#include "actors/io/private_directory.hpp"
#include "actors/io/unique_fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <caf/send.hpp>

#include <cerrno>
#include <memory>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;

namespace {

/// A pidfd is readable once its process has ended, reaped or not.
class pid_watch final : public actors::process_watch {
public:
  pid_watch(asio::io_context& context, unique_fd pidfd, pid_t pid,
            const actors::process_watcher& owner)
      : pidfd_(context, pidfd.get()) {
    pidfd.release();
    // A closed descriptor's wait ends with an error: nothing is heard then.
    pidfd_.async_wait(asio::posix::descriptor_base::wait_read,
                      [owner, pid](auto error) {
                        if (!error)
                          caf::anon_send(owner, actors::process_gone{pid});
                      });
  }

private:
  asio::posix::stream_descriptor pidfd_;
};

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
    return {nullptr, errno == ESRCH, std::generic_category().message(errno)};
  return {std::make_unique<pid_watch>(context_, std::move(pidfd), pid, owner),
          false,
          {}};
} catch (const boost::system::system_error& why) {
  return {nullptr, false, why.code().message()};
}

} // namespace clearance::io
