/// Accepting connections, whatever happens.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace clearance::io {

/// Accepts on a listening, non-blocking socket. Running out of descriptors or
/// memory, or too many connections, only makes it rest for
/// limits::accept_backoff. Destruction stops it.
class accept_loop {
public:
  /// Gets each connection, non-blocking and CLOEXEC.
  using handler = std::function<void(unique_fd)>;

  /// `open` counts the connections that live; at most `open_max` do. `role` is
  /// for the log. Throws boost::system::system_error when `fd` cannot be
  /// polled; what `on_peer` throws of that kind costs that peer alone.
  accept_loop(boost::asio::io_context& context, unique_fd fd, std::string role,
              std::shared_ptr<const std::size_t> open, std::size_t open_max,
              handler on_peer);
  ~accept_loop();
  accept_loop(const accept_loop&) = delete;
  accept_loop& operator=(const accept_loop&) = delete;

private:
  class loop;
  std::shared_ptr<loop> loop_;
};

} // namespace clearance::io
