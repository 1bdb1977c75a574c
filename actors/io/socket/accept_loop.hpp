/// Accepts connections, and goes on after errors.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace clearance::io {

/// Accepts on a listening, non-blocking socket. If descriptors or memory ran
/// out, or if there are too many connections, it rests for
/// limits::accept_backoff and goes on. The destructor stops it.
class accept_loop {
public:
  /// Gets each new connection, non-blocking and CLOEXEC.
  using handler = std::function<void(unique_fd)>;

  /// Closes one of the open connections, whose number sinks in the next turn of
  /// the loop. False: none can be closed.
  using make_room = std::function<bool()>;

  /// `open` is the number of open connections, at most `open_max`. `role` is
  /// for log lines. Throws boost::system::system_error if `fd` cannot be
  /// polled. If `on_peer` throws such an error, only that peer is dropped. With
  /// `make_room` a new connection does not wait for its place. Then connections
  /// are accepted one by one, so that each has been read from before others
  /// follow.
  accept_loop(boost::asio::io_context& context, unique_fd fd, std::string role,
              std::shared_ptr<const std::size_t> open, std::size_t open_max,
              handler on_peer, make_room room = {});
  ~accept_loop();
  /// Accepts what waits in the socket's queue now. For a socket that is about
  /// to be closed.
  void accept_waiting();

  accept_loop(const accept_loop&) = delete;
  accept_loop& operator=(const accept_loop&) = delete;

private:
  class loop;
  std::shared_ptr<loop> loop_;
};

} // namespace clearance::io
