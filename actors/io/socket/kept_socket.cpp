// inotify watches directories. The kernel gives one number to all watches of a
// directory, so the service keeps a list of entries for each number. A number
// that nobody needs any more is given back.
//
//   path_watch --owns--> entry <--weak-- service --owns--> inotify

#include "actors/io/socket/kept_socket.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>

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
using actors::log;
using actors::severity;

// -- path_watch ---------------------------------------------------------------

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

// -- kept_socket --------------------------------------------------------------

kept_socket::kept_socket(asio::io_context& context, bound_socket socket,
                         config config)
    : context_(context),
      socket_(std::move(socket)),
      config_(std::move(config)),
      timer_(context) {
  accept_loop_.emplace(context_, socket_.take_fd(), config_.role, config_.open,
                       config_.open_max, config_.on_peer);
  // an abstract name of an inherited socket has no file
  if (socket_.path().starts_with('/'))
    watch();
}

kept_socket::~kept_socket() = default;

// The directory may be missing. Then the path is looked at again, and with it
// the directory.
void kept_socket::watch() {
  watch_ = path_watch{context_, socket_.path(), [this] { look(); }};
  if (!watch_.works())
    look_later();
}

void kept_socket::look_later() {
  timer_.expires_after(protocol::limits::socket_look_interval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error)
      return;
    watch();
    look();
  });
}

void kept_socket::look() {
  if (socket_.is_in_place())
    return become({});
  if (!socket_.is_ours())
    return become("its file was removed or replaced"
                  + (config_.repair.empty()
                         ? std::string{}
                         : "; to open it again: " + config_.repair));
  auto why = socket_.bind_again();
  if (why.empty())
    use_new_socket();
  else
    become(std::move(why));
  // the directory may be another one now
  watch();
}

void kept_socket::use_new_socket() try {
  accept_loop_->accept_waiting();
  accept_loop_.emplace(context_, socket_.take_fd(), config_.role, config_.open,
                       config_.open_max, config_.on_peer);
  log(severity::warning, "listener",
      "the socket's file was gone, it was bound again",
      {{"socket", config_.role}, {"path", protocol::escaped(socket_.path())}});
  become({});
} catch (const boost::system::system_error& why) {
  become(why.code().message());
}

void kept_socket::become(std::string trouble) {
  if (trouble == trouble_)
    return;
  trouble_ = std::move(trouble);
  if (!trouble_.empty())
    log(severity::warning, "listener",
        "nobody can connect: the socket's path does not lead to this program",
        {{"socket", config_.role},
         {"path", protocol::escaped(socket_.path())},
         {"why", trouble_}});
  if (config_.on_trouble)
    config_.on_trouble();
}

} // namespace clearance::io
