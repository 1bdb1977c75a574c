// Asio reads into a small buffer that belongs to the connection, so an idle
// connection needs little memory. If more bytes are there, they are read at
// once into one large buffer that belongs to the thread. After a read that did
// not fill the buffer Asio waits until the socket is readable, so one event
// needs one recv().

#include "actors/io/socket/stream.hpp"

#include "actors/base/error.hpp"
#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/io/base/readiness.hpp"
#include "actors/io/socket/unix_address.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace limits = protocol::limits;
using actors::stream_end;
using local = boost::asio::local::stream_protocol;

namespace {

actors::connection_id next_id() {
  static std::atomic<actors::connection_id> last = 0;
  return ++last;
}

std::string command_of(pid_t pid) {
  auto path = "/proc/" + std::to_string(pid) + "/comm";
  unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 32> text{};
  auto n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
  std::string_view view{text.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  return protocol::escaped(view.substr(0, view.find('\n')));
}

protocol::framer framer_for(actors::framing kind,
                            const protocol::byte_budget_ptr& held) {
  switch (kind) {
  case actors::framing::lines:
    return protocol::line_framer(held);
  case actors::framing::varlink:
    break;
  }
  return protocol::nul_framer(held);
}

} // namespace

actors::peer peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return {static_cast<uid_t>(-1), 0, {}};
  return {credentials.uid, credentials.pid, command_of(credentials.pid)};
}

stream::stream(boost::asio::io_context& context, unique_fd fd, actors::peer who,
               actors::framing kind, std::shared_ptr<std::size_t> open,
               protocol::byte_budget_ptr held)
    : id_(next_id()),
      socket_(context),
      who_(std::move(who)),
      framing_(kind),
      held_(std::move(held)),
      framer_(framer_for(kind, held_)),
      open_(std::move(open)) {
  socket_.assign(local(), fd.get());
  fd.release(); // not earlier: if memory is denied, it must be closed
  if (open_)
    ++*open_;
}

stream::~stream() {
  if (open_)
    --*open_;
}

actors::connection_ptr stream::make(boost::asio::io_context& context,
                                    unique_fd fd, actors::peer who,
                                    actors::framing kind,
                                    std::shared_ptr<std::size_t> open,
                                    protocol::byte_budget_ptr held) {
  return actors::connection_ptr{new stream(context, std::move(fd),
                                           std::move(who), kind,
                                           std::move(open), std::move(held))};
}

caf::expected<actors::connection_ptr>
stream::dial(boost::asio::io_context& context, const std::string& path,
             actors::framing kind) {
  auto fail = [](int error) {
    return make_error(actors::errc::connect_failed,
                      protocol::error_text(error));
  };
  const auto address = unix_address::of_path(path);
  if (!address)
    return fail(path.size() > socket_path_max_bytes ? ENAMETOOLONG : EINVAL);
  unique_fd fd{
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd)
    return fail(errno);
  // A unix socket connects at once or fails at once.
  if (::connect(fd.get(), address->data(), address->size()) != 0)
    return fail(errno);
  auto who = peer_of(fd.get());
  return make(context, std::move(fd), std::move(who), kind, nullptr);
}

void stream::own(actors::connection_owner owner) {
  owner_ = std::move(owner);
}

void stream::close() noexcept {
  boost::system::error_code ignored;
  // pending operations end; they have no owner to report to
  socket_.close(ignored);
  owner_ = nullptr;
}

// -- reading ------------------------------------------------------------------

void stream::read() {
  if (!batch_)
    batch_ = std::make_shared<protocol::frame_batch>();
  receive();
}

void stream::receive() {
  auto self = std::static_pointer_cast<stream>(shared_from_this());
  socket_.async_receive(boost::asio::buffer(buffer_),
                        [self](auto error, std::size_t count) {
                          if (self->owner_)
                            self->on_received(error, count);
                        });
}

void stream::on_received(boost::system::error_code error,
                         std::size_t count) try {
  if (error == boost::asio::error::eof)
    on_end(is_cut_off() ? stream_end::cut_off : stream_end::eof);
  else if (error)
    on_end(stream_end::broken);
  else
    on_bytes(count);
} catch (const std::bad_alloc&) {
  // The message is too large for the memory limit. Its bytes are dropped first,
  // so that there is memory to report this.
  framer_ = framer_for(framing_, held_);
  dropped_told_ = starved_told_ = 0;
  batch_.reset();
  log(actors::severity::warning, "stream",
      "out of memory for a message, the connection is closed",
      {{"pid", std::to_string(who_.pid)}, {"command", who_.command}});
  batch_ = std::make_shared<protocol::frame_batch>();
  deliver(stream_end::broken);
}

void stream::on_bytes(std::size_t count) {
  thread_local std::array<char, limits::read_max_bytes> big;
  auto fits = framer_.feed({buffer_.data(), count}, *batch_);
  // If the memory limit has no room for a large read, the small buffer alone is
  // used: this is slow, but loses nothing.
  if (fits && count == buffer_.size()
      && (!held_ || held_->has_room(big.size()))) {
    auto n = ::recv(socket_.native_handle(), big.data(), big.size(), 0);
    // An end or an error is reported again by the next read.
    if (n > 0)
      fits = framer_.feed({big.data(), static_cast<std::size_t>(n)}, *batch_);
  }
  if (!fits)
    on_end(framer_.starved() > 0 ? stream_end::no_room : stream_end::too_long);
  else if (!deliver(stream_end::none))
    receive();
}

// An unfinished line counts as a line, but an unfinished message is an error.
// White space after a message, for example a newline that many tools send, is
// no message.
bool stream::is_cut_off() {
  if (framing_ == actors::framing::lines || framer_.pending() == 0)
    return false;
  protocol::frame_batch rest;
  framer_.finish(rest);
  constexpr std::string_view white_space = " \t\r\n";
  return !rest.empty()
         && rest.at(0).find_first_not_of(white_space) != std::string_view::npos;
}

void stream::on_end(stream_end why) {
  if (framing_ == actors::framing::lines)
    framer_.finish(*batch_);
  deliver(why);
}

// False if there is nothing to send to the owner yet.
bool stream::deliver(stream_end end) {
  const auto dropped = framer_.dropped() - dropped_told_;
  if (batch_->empty() && dropped == 0 && end == stream_end::none)
    return false;
  const auto starved = dropped > 0 ? framer_.starved() - starved_told_ : 0;
  dropped_told_ += dropped;
  starved_told_ += starved;
  if (held_ && batch_->footprint() > limits::kept_max_bytes)
    batch_->charge(held_);
  caf::anon_send(owner_, actors::received{id_, std::exchange(batch_, nullptr),
                                          dropped - starved, end, starved});
  return true;
}

// Waits for an error, because the kernel reports a complete hang-up as one. A
// peer that only shuts down its writing side causes no error.
void stream::watch() {
  auto self = std::static_pointer_cast<stream>(shared_from_this());
  socket_.async_wait(local::socket::wait_error, [self](auto error) {
    if (!self->owner_ || error)
      return;
    if (!shows(self->socket_.native_handle(), 0))
      return actors::insist([&] { self->watch(); });
    actors::insist(
        [&] { caf::anon_send(self->owner_, actors::hung_up{self->id_}); });
  });
}

// -- writing ------------------------------------------------------------------

namespace {

// write() and writev() are not used, because they raise SIGPIPE.
ssize_t send_all(int fd, std::span<const std::string_view> pieces) {
  constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  // The usual case, and much cheaper than the gathering call.
  if (pieces.size() == 1)
    return ::send(fd, pieces[0].data(), pieces[0].size(), flags);
  std::array<iovec, limits::subscriber_batch_max_events> vectors;
  auto count = std::min(pieces.size(), vectors.size());
  for (std::size_t i = 0; i < count; ++i)
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, flags);
}

} // namespace

actors::written stream::write(std::span<const std::string_view> pieces) {
  auto n = send_all(socket_.native_handle(), pieces);
  if (n >= 0)
    return {static_cast<std::size_t>(n), false};
  return {0, errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS
                 && errno != ENOMEM && errno != EINTR};
}

void stream::await_writable() {
  auto self = std::static_pointer_cast<stream>(shared_from_this());
  socket_.async_wait(local::socket::wait_write, [self](auto) {
    if (self->owner_)
      actors::insist(
          [&] { caf::anon_send(self->owner_, actors::writable{self->id_}); });
  });
}

} // namespace clearance::io
