/// Serves the metrics of a program, if its option --metrics says where.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/loop/loop.hpp"
#include "actors/metrics/metrics_port.hpp"

#include <memory>
#include <string>

namespace clearance::services {

/// Use it in this order: before the sandbox the constructor, then start(). It
/// must outlive the loop.
class metrics_server {
public:
  /// `where` is the path of a socket, with a slash, or the address and port of
  /// a loopback address; empty: no metrics are served. Binds a port, because a
  /// sandbox does not let it. Throws setup_fault: with exit_usage if `where` is
  /// neither, with `cannot_start` if it cannot be bound. `setting` is what
  /// the fault calls the place.
  metrics_server(const std::string& where, int cannot_start,
                 const std::string& setting = "--metrics");
  metrics_server(const metrics_server&) = delete;
  metrics_server& operator=(const metrics_server&) = delete;

  /// The directory of the socket, which a sandbox has to allow; empty: none.
  const std::string& directory() const noexcept { return directory_; }

  /// For the parts that count. Null: no metrics are served.
  const actors::counter_board_ptr& board() const noexcept { return board_; }

  /// On the loop's thread. The loop ends if the socket cannot be bound.
  void start(io::loop& loop);

  /// The same, but the actor ends alone. Null: no metrics are served.
  actors::metrics_actor spawn(io::loop& loop);

private:
  actors::counter_board_ptr board_;
  std::string directory_;
  std::string path_;   // of the socket; empty: there is a port
  io::unique_fd port_; // until start()
  std::unique_ptr<io::http_server> http_;
};

} // namespace clearance::services
