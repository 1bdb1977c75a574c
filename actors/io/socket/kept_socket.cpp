#include "actors/io/socket/kept_socket.hpp"

#include "actors/base/log.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"

#include <boost/system/system_error.hpp>

#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
using actors::log;
using actors::severity;

kept_socket::kept_socket(asio::io_context& context, bound_socket socket,
                         config x)
    : context_(context),
      socket_(std::move(socket)),
      config_(std::move(x)),
      timer_(context) {
  accept_loop_.emplace(context_, socket_.take_fd(), config_.role, config_.open,
                       config_.open_max, config_.on_peer, config_.room);
  // The file of a socket that another program bound may be missing, or this
  // process may not see it: a unit's ProtectHome=tmpfs hides it.
  if (socket_.is_ours() || socket_.is_in_place())
    watch();
}

kept_socket::~kept_socket() = default;

// If the directory is missing, look_later() tries again, and binding the path
// makes the directory.
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
                       config_.open_max, config_.on_peer, config_.room);
  log(severity::warning, "listener",
      "the socket's file was gone; the socket was bound again",
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
