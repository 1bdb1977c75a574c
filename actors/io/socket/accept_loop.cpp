#include "actors/io/socket/accept_loop.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/io/base/ran_out.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <new>
#include <sys/socket.h>
#include <utility>

namespace clearance::io {

namespace limits = protocol::limits;
namespace asio = boost::asio;

namespace {

/// Connections that are accepted before other sockets get their turn.
constexpr int accepts_at_a_time = 16;

} // namespace

class accept_loop::loop : public std::enable_shared_from_this<loop> {
public:
  loop(asio::io_context& context, unique_fd fd, std::string role,
       std::shared_ptr<const std::size_t> open, std::size_t open_max,
       handler on_peer, make_room room)
      : socket_(context),
        timer_(context),
        role_(std::move(role)),
        open_(std::move(open)),
        open_max_(open_max),
        on_peer_(std::move(on_peer)),
        make_room_(std::move(room)) {
    socket_.assign(fd.get());
    fd.release();
  }

  void wait() {
    socket_.async_wait(asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](auto error) {
                         if (!error && self->on_peer_)
                           self->accept();
                       });
  }

  void accept_waiting() {
    while (on_peer_ && *open_ < open_max_) {
      unique_fd peer{::accept4(socket_.native_handle(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (peer)
        greet(std::move(peer));
      else if (errno == EAGAIN || errno == EWOULDBLOCK || ran_out(errno))
        return;
    }
  }

  void close() {
    on_peer_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
  }

private:
  void accept() {
    const int at_a_time = make_room_ ? 1 : accepts_at_a_time;
    for (int i = 0; i < at_a_time && on_peer_; ++i) {
      if (*open_ >= open_max_)
        return make_room_ && make_room_() ? accept_soon()
                                          : rest("too many connections");
      unique_fd peer{::accept4(socket_.native_handle(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (peer) {
        resting_ = false;
        greet(std::move(peer));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (const auto why = errno; ran_out(why)) {
        std::string text;
        actors::if_memory_allows([&] { text = protocol::error_text(why); });
        return rest(text);
      }
      // Any other errno is the peer's fault (ECONNABORTED, EINTR ...): accept
      // the next one.
    }
    if (on_peer_)
      actors::insist([this] { wait(); });
  }

  // The connection that was closed leaves before this is called.
  void accept_soon() {
    actors::insist([this] {
      asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (self->on_peer_)
          self->accept();
      });
    });
  }

  void greet(unique_fd peer) {
    // Only this peer is dropped; the listener goes on.
    try {
      on_peer_(std::move(peer));
    } catch (const boost::system::system_error& why) {
      // The kernel limits how many descriptors can be polled.
      dropped(why.code().message());
    } catch (const std::bad_alloc&) {
      dropped("out of memory");
    }
  }

  void dropped(std::string_view why) const {
    log(actors::severity::warning, "listener", "dropped a peer",
        {{"socket", role_}, {"why", why}});
  }

  // Logged when the rest begins, and not at each try.
  void rest(std::string_view why) {
    if (!std::exchange(resting_, true))
      log(actors::severity::warning, "listener", "cannot accept, trying again",
          {{"socket", role_}, {"why", why}});
    timer_.expires_after(limits::accept_backoff);
    actors::insist([this] {
      timer_.async_wait([self = shared_from_this()](auto error) {
        if (!error && self->on_peer_)
          self->accept();
      });
    });
  }

  asio::posix::stream_descriptor socket_;
  asio::steady_timer timer_;
  std::string role_;
  std::shared_ptr<const std::size_t> open_;
  std::size_t open_max_;
  handler on_peer_;
  make_room make_room_; // may be empty
  bool resting_ = false;
};

accept_loop::accept_loop(asio::io_context& context, unique_fd fd,
                         std::string role,
                         std::shared_ptr<const std::size_t> open,
                         std::size_t open_max, handler on_peer, make_room room)
    : loop_(std::make_shared<loop>(context, std::move(fd), std::move(role),
                                   std::move(open), open_max,
                                   std::move(on_peer), std::move(room))) {
  loop_->wait();
}

void accept_loop::accept_waiting() {
  loop_->accept_waiting();
}

accept_loop::~accept_loop() {
  loop_->close();
}

} // namespace clearance::io
