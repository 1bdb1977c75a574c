// inotify watches directories. The kernel gives the same number to all watches
// of one directory, so the service keeps a list of entries for each number.
// When the last entry of a number is gone, the service ends that watch.
//
//   path_watch --owns--> entry <--weak-- service --owns--> inotify

#include "actors/io/base/unique_fd.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/kept_socket.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace clearance::io {

namespace asio = boost::asio;

struct path_watch::entry {
  std::string name; ///< of the file in its directory
  handler on_change;
};

class path_watch::service final : public asio::execution_context::service {
public:
  using key_type = service;
  static inline asio::execution_context::id id;

  explicit service(asio::execution_context& context)
      : asio::execution_context::service(context),
        inotify_(static_cast<asio::io_context&>(context)) {
    unique_fd fd{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (!fd)
      return;
    boost::system::error_code failed;
    inotify_.assign(fd.get(), failed);
    if (failed)
      return;
    fd.release();
    wait();
  }

  std::shared_ptr<entry> add(const std::string& path, handler on_change) {
    if (!inotify_.is_open())
      return nullptr;
    const auto directory = socket_directory(path);
    const int number =
        ::inotify_add_watch(inotify_.native_handle(), directory.c_str(),
                            IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
                                | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    if (number < 0)
      return nullptr;
    auto result = std::make_shared<entry>(
        entry{path.substr(path.rfind('/') + 1), std::move(on_change)});
    directories_[number].push_back(result);
    return result;
  }

private:
  using entries = std::vector<std::weak_ptr<entry>>;

  void shutdown() override {
    boost::system::error_code ignored;
    inotify_.close(ignored);
    directories_.clear();
  }

  void wait() {
    inotify_.async_wait(asio::posix::descriptor_base::wait_read,
                        [this](const boost::system::error_code& error) {
                          if (!error && inotify_.is_open())
                            read();
                        });
  }

  void read() {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    const auto n =
        ::read(inotify_.native_handle(), buffer.data(), buffer.size());
    for (std::size_t at = 0; n > 0 && at < static_cast<std::size_t>(n);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* name =
          event.len > 0 ? buffer.data() + at + sizeof(event) : "";
      on_event(event, name);
      at += sizeof(event) + event.len;
    }
    if (inotify_.is_open())
      wait();
  }

  // A handler may add and remove watches.
  void on_event(const inotify_event& event, const std::string& name) {
    entries concerned;
    if ((event.mask & IN_Q_OVERFLOW) != 0)
      for (const auto& [number, all] : directories_)
        concerned.insert(concerned.end(), all.begin(), all.end());
    else if (auto it = directories_.find(event.wd); it != directories_.end())
      concerned = it->second;
    for (const auto& weak : concerned)
      if (const auto each = weak.lock();
          each && (name.empty() || each->name == name))
        each->on_change();
    if ((event.mask & IN_IGNORED) != 0)
      directories_.erase(event.wd);
    else
      drop_unused(event.wd);
  }

  void drop_unused(int number) {
    const auto it = directories_.find(number);
    if (it == directories_.end())
      return;
    std::erase_if(it->second, [](const auto& x) { return x.expired(); });
    if (!it->second.empty())
      return;
    ::inotify_rm_watch(inotify_.native_handle(), number);
    directories_.erase(it);
  }

  asio::posix::stream_descriptor inotify_;
  std::map<int, entries> directories_;
};

path_watch::path_watch(asio::io_context& context, const std::string& path,
                       handler on_change)
    : entry_(
        asio::use_service<service>(context).add(path, std::move(on_change))) {
  // nop
}

} // namespace clearance::io
