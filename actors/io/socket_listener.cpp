#include "actors/io/socket_listener.hpp"

#include "actors/error.hpp"
#include "actors/io/stream.hpp"
#include "actors/log.hpp"
#include "protocol/limits.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <caf/send.hpp>

#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::io {

namespace limits = protocol::limits;
using actors::severity;
using local = boost::asio::local::stream_protocol;

namespace {

/// Peers accepted before other sockets get their turn.
constexpr int accepts_at_a_time = 16;

} // namespace

class socket_listener::acceptor
    : public std::enable_shared_from_this<acceptor> {
public:
  acceptor(boost::asio::io_context& context, bound_socket socket,
           const actors::listen_spec& spec, actors::acceptor_owner owner)
      : context_(context),
        bound_(std::move(socket)),
        socket_(context, local(), bound_.take_fd().release()),
        timer_(context),
        role_(spec.role),
        framing_(spec.framing),
        owner_(std::move(owner)),
        open_(std::make_shared<std::size_t>(0)) {
    // nop
  }

  void wait() {
    socket_.async_wait(local::acceptor::wait_read,
                       [self = shared_from_this()](auto error) {
                         if (!error && self->owner_)
                           self->accept();
                       });
  }

  void close() {
    owner_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    bound_ = {};
  }

  std::uint64_t refused() const noexcept { return refused_; }

private:
  void accept() {
    for (int i = 0; i < accepts_at_a_time; ++i) {
      if (*open_ >= limits::connections_max) {
        rest("too many connections");
        return;
      }
      unique_fd peer{::accept4(socket_.native_handle(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (peer) {
        resting_ = false;
        greet(std::move(peer));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS
                 || errno == ENOMEM) {
        rest(std::generic_category().message(errno));
        return;
      }
      // Else the peer's fault (ECONNABORTED, EINTR ...): the next one.
    }
    wait();
  }

  // Once accepted, a peer is ours or gone: nothing of it is read before.
  void greet(unique_fd fd) {
    auto who = peer_of(fd.get());
    if (who.uid != ::getuid()) {
      ++refused_;
      log(severity::warning, "listener", "refused a peer of another uid",
          {{"socket", role_},
           {"uid", std::to_string(who.uid)},
           {"pid", std::to_string(who.pid)}});
      return;
    }
    try {
      auto peer = stream::make(context_, std::move(fd), std::move(who),
                               framing_, open_);
      caf::anon_send(owner_, actors::accepted{std::move(peer)});
    } catch (const boost::system::system_error& why) {
      // The kernel's bound on what can be polled: this peer goes, not we.
      log(severity::warning, "listener", "dropped a peer",
          {{"socket", role_}, {"why", why.code().message()}});
    }
  }

  // Logged when it begins, not at each try.
  void rest(const std::string& why) {
    if (!std::exchange(resting_, true))
      log(severity::warning, "listener", "cannot accept, trying again",
          {{"socket", role_}, {"why", why}});
    timer_.expires_after(limits::accept_backoff);
    timer_.async_wait([self = shared_from_this()](auto error) {
      if (!error && self->owner_)
        self->accept();
    });
  }

  boost::asio::io_context& context_;
  bound_socket bound_;
  local::acceptor socket_;
  boost::asio::steady_timer timer_;
  std::string role_;
  actors::framing framing_;
  actors::acceptor_owner owner_;
  std::shared_ptr<std::size_t> open_; // connections alive
  std::uint64_t refused_ = 0;
  bool resting_ = false;
};

caf::expected<std::unique_ptr<actors::listener>>
socket_listener::open(boost::asio::io_context& context,
                      const actors::listen_spec& spec,
                      actors::acceptor_owner owner) {
  auto bound = bind_hardened(spec.path, spec.role);
  if (auto why = std::get_if<std::string>(&bound))
    return make_error(actors::errc::bind_failed, std::move(*why));
  std::unique_ptr<actors::listener> result;
  try {
    result = std::make_unique<socket_listener>(
        context, std::get<bound_socket>(std::move(bound)), spec,
        std::move(owner));
  } catch (const boost::system::system_error& why) {
    return make_error(actors::errc::bind_failed, "cannot serve the " + spec.role
                                                     + " " + spec.path + ": "
                                                     + why.code().message());
  }
  return result;
}

socket_listener::socket_listener(boost::asio::io_context& context,
                                 bound_socket socket,
                                 const actors::listen_spec& spec,
                                 actors::acceptor_owner owner)
    : acceptor_(std::make_shared<acceptor>(context, std::move(socket), spec,
                                           std::move(owner))) {
  acceptor_->wait();
}

socket_listener::~socket_listener() {
  acceptor_->close();
}

std::uint64_t socket_listener::refused() const noexcept {
  return acceptor_->refused();
}

} // namespace clearance::io
