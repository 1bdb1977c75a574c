/// A unix socket that accepts connections. If its path is removed, it is bound
/// again.
#pragma once

#include "actors/io/socket/accept_loop.hpp"
#include "actors/io/socket/bind.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace clearance::io {

/// Calls a function, from the io_context, after a file was made, removed,
/// renamed or replaced at a path, and after its directory was removed or
/// renamed. All watches of an io_context share one inotify instance. The
/// destructor ends the watch.
class path_watch {
public:
  using handler = std::function<void()>;

  /// Watches nothing.
  path_watch() noexcept = default;

  /// Watches a path. works() tells whether that succeeded. The handler may
  /// destroy this object.
  path_watch(boost::asio::io_context& context, const std::string& path,
             handler on_change);
  path_watch(path_watch&&) noexcept = default;
  path_watch& operator=(path_watch&&) noexcept = default;
  ~path_watch() = default;

  /// False: the directory is not there, or the user has too many watches.
  bool works() const noexcept { return entry_ != nullptr; }

private:
  class service;
  struct entry;

  std::shared_ptr<entry> entry_;
};

/// Accepts on a bound socket. If the socket's file is removed, renamed or
/// replaced, the path is bound again, and the connections that wait in the old
/// socket's queue are accepted first. If a live server or something else is at
/// the path, or if another program bound the socket, a warning is written once.
/// Source: clearance.md, section 1.
class kept_socket {
public:
  struct config {
    std::string role; ///< for log texts: "reader socket"
    /// The command that repairs a socket that another program bound. May be
    /// empty.
    std::string repair;
    std::shared_ptr<const std::size_t> open; ///< how many connections are open
    std::size_t open_max = 0;
    accept_loop::handler on_peer;
    std::function<void()> on_trouble; ///< trouble() has changed; may be empty
    accept_loop::make_room room = {}; ///< may be empty
  };

  /// Throws boost::system::system_error if the socket cannot be polled.
  kept_socket(boost::asio::io_context& context, bound_socket socket, config x);
  kept_socket(const kept_socket&) = delete;
  kept_socket& operator=(const kept_socket&) = delete;
  ~kept_socket();

  const std::string& path() const noexcept { return socket_.path(); }

  /// Why clients at the path do not reach this socket. Empty: they do.
  const std::string& trouble() const noexcept { return trouble_; }

private:
  void watch();
  void look();
  void look_later();
  void use_new_socket();
  void become(std::string trouble);

  boost::asio::io_context& context_;
  bound_socket socket_;
  config config_;
  std::string trouble_;
  path_watch watch_;
  boost::asio::steady_timer timer_;
  // the last member, because it calls us while it lives
  std::optional<accept_loop> accept_loop_;
};

} // namespace clearance::io
