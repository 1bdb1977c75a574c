/// The reader's connection to a hub, or lines on stdout instead.
#pragma once

#include "protocol/base/backoff.hpp"
#include "protocol/base/time.hpp"
#include "services/client/descriptor.hpp"
#include "services/client/emit.hpp"

#include <optional>
#include <string>

namespace clearance::services {

/// Never blocks. A hub that is away is dialled again, with a delay that grows;
/// each connection begins with `container_started`, so that a hub that starts
/// later knows of the container, too.
class hub_link {
public:
  using time_point = protocol::time_point;

  /// An empty `path`: lines go to stdout.
  hub_link(std::string path, emit_line greeting);

  /// To be polled for POLLIN, or for POLLOUT while `writes()`. -1: there is no
  /// connection, or stdout is used.
  int fd() const noexcept { return fd_.get(); }
  bool writes() const noexcept { return !unsent_.empty(); }

  /// When to call maintain() although fd() shows nothing.
  std::optional<time_point> due() const noexcept;

  /// Connects if it is time, writes what is unsent, and notices the hub's end.
  void maintain(time_point now);

  /// False: the hub is away or does not read, and did not get the line.
  bool send(const emit_line& x);

  /// Before the end: waits a short time until the hub has taken the lines.
  void finish();

private:
  void connect(time_point now);
  void lost(time_point now, const std::string& why);
  bool flush(time_point now);

  std::string path_;
  emit_line greeting_;
  descriptor fd_;
  std::string unsent_;
  protocol::backoff delay_;
  std::optional<time_point> next_try_;
  bool told_away_ = false;
};

} // namespace clearance::services
