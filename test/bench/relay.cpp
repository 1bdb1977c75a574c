// A bare relay, which the hub is compared with. It takes lines from readers and
// sends them, each ended by a NUL, to every subscriber: one epoll, one send for
// each wake-up and subscriber, no JSON, no authorisation, no actors.
//
//   bench-relay --clearance-socket PATH --reader-socket PATH [MODE]
//
// --framed: finds each line and copies it, with a NUL at its end, into the
// bytes of the next send, at most as many lines as the hub puts into one send.
// A relay that looks at events one by one must do that.
// --laden: framed, and each line is padded to the number of bytes that a hub
// must send (clearance.md, section 3). The rest of the hub's time is the hub's
// own work.
//
// It loses nothing: if a subscriber's socket is full, the relay waits for it
// before it reads on. So a stuck subscriber stops the relay. The hub must not
// do that; the relay may, because the bench connects no stuck client to it.

#include "test/support/deadline.hpp"
#include "test/support/files/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

namespace {

using clearance::test::fail_with_errno;
using clearance::test::unique_fd;

constexpr std::size_t chunk_bytes = 64 * 1024;

// Bytes of an event of the bench, and how many events go into one send.
constexpr std::size_t event_bytes = 335;
constexpr std::size_t events_per_send = 192;

enum class mode { whole_reads, framed, laden };

unique_fd listen_at(const std::string& path) {
  unique_fd fd{
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address))
          != 0
      || ::listen(fd.get(), 512) != 0)
    fail_with_errno("bind " + path);
  return fd;
}

class relay {
public:
  relay(const std::string& clearance_path, const std::string& reader_path,
        mode how)
      : mode_(how),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        // Bound before the other socket, as in the hub.
        reader_listener_(listen_at(reader_path)),
        subscriber_listener_(listen_at(clearance_path)) {
    add(reader_listener_.get(), EPOLLIN);
    add(subscriber_listener_.get(), EPOLLIN);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> ready;
    for (;;) {
      const auto n = ::epoll_wait(epoll_.get(), ready.data(),
                                  static_cast<int>(ready.size()), -1);
      for (int i = 0; i < n; ++i)
        serve(ready[static_cast<std::size_t>(i)].data.fd);
    }
  }

private:
  struct reader {
    unique_fd fd;
    std::size_t held = 0; // bytes of an unfinished line
    std::array<char, chunk_bytes> buffer;
  };

  void add(int fd, unsigned events) {
    epoll_event entry{};
    entry.events = events;
    entry.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &entry) != 0)
      fail_with_errno("epoll_ctl");
  }

  void serve(int fd) {
    if (fd == reader_listener_.get())
      accept_reader();
    else if (fd == subscriber_listener_.get())
      accept_subscriber();
    else if (auto it = readers_.find(fd); it != readers_.end())
      read(*it->second);
    else // epoll reports only hang-ups of subscribers
      std::erase_if(subscribers_,
                    [fd](const unique_fd& x) { return x.get() == fd; });
  }

  static unique_fd accept(const unique_fd& listener) {
    return unique_fd{::accept4(listener.get(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
  }

  void accept_reader() {
    auto x = std::make_unique<reader>();
    x->fd = accept(reader_listener_);
    if (!x->fd)
      return;
    add(x->fd.get(), EPOLLIN);
    readers_.emplace(x->fd.get(), std::move(x));
  }

  void accept_subscriber() {
    auto fd = accept(subscriber_listener_);
    if (!fd)
      return;
    add(fd.get(), EPOLLHUP); // bytes of subscribers are not read
    subscribers_.push_back(std::move(fd));
  }

  void read(reader& x) {
    const auto begin = x.buffer.data();
    const auto n =
        ::recv(x.fd.get(), begin + x.held, x.buffer.size() - x.held, 0);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN)
        readers_.erase(x.fd.get());
      return;
    }
    const auto size = x.held + static_cast<std::size_t>(n);
    const auto last = static_cast<char*>(::memrchr(begin, '\n', size));
    const auto whole =
        last == nullptr ? 0 : static_cast<std::size_t>(last - begin) + 1;
    if (mode_ == mode::whole_reads) {
      std::replace(begin, begin + whole, '\n', '\0');
      send_all({begin, whole});
    } else {
      send_lines({begin, whole});
    }
    x.held = size - whole;
    std::memmove(begin, begin + whole, x.held);
  }

  // Each line becomes a frame; if laden, padded to the size of an event.
  void send_lines(std::string_view lines) {
    std::string piece;
    while (!lines.empty()) {
      piece.clear();
      for (std::size_t n = 0; n < events_per_send && !lines.empty(); ++n) {
        const auto line = lines.substr(0, lines.find('\n'));
        piece += line;
        if (mode_ == mode::laden)
          piece.append(event_bytes - std::min(line.size() + 1, event_bytes),
                       ' ');
        piece += '\0';
        lines.remove_prefix(line.size() + 1);
      }
      send_all(piece);
    }
  }

  struct rest {
    int fd;
    std::string_view bytes;
  };

  static bool send_some(rest& x) {
    const auto n = ::send(x.fd, x.bytes.data(), x.bytes.size(),
                          MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN)
      return true; // the subscriber left; epoll reports it, too
    x.bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    return x.bytes.empty();
  }

  void send_all(std::string_view bytes) {
    if (bytes.empty())
      return;
    std::vector<rest> late;
    for (auto& fd : subscribers_)
      if (rest x{fd.get(), bytes}; !send_some(x))
        late.push_back(x);
    std::vector<pollfd> polled;
    while (!late.empty()) {
      polled.clear();
      for (auto& x : late)
        polled.push_back({x.fd, POLLOUT, 0});
      ::poll(polled.data(), polled.size(), -1);
      std::erase_if(late, [](rest& x) { return send_some(x); });
    }
  }

  mode mode_;
  unique_fd epoll_;
  unique_fd reader_listener_;
  unique_fd subscriber_listener_;
  std::map<int, std::unique_ptr<reader>> readers_;
  std::vector<unique_fd> subscribers_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  auto how = mode::whole_reads;
  if (words.size() == 5 && words[4] == "--framed")
    how = mode::framed;
  else if (words.size() == 5 && words[4] == "--laden")
    how = mode::laden;
  const auto expected = how == mode::whole_reads ? 4U : 5U;
  if (words.size() != expected || words[0] != "--clearance-socket"
      || words[2] != "--reader-socket") {
    std::fputs("bench-relay --clearance-socket PATH --reader-socket PATH"
               " [--framed | --laden]\n",
               stderr);
    return 2;
  }
  raise_descriptor_limit();
  relay{words[1], words[3], how}.run();
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench-relay: %s\n", e.what());
  return 1;
}
