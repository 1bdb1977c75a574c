/// How long to wait before a service that ended is started again.
#pragma once

#include "protocol/base/time.hpp"

namespace clearance::protocol {

struct backoff_limits {
  duration first; ///< the delay after the service has ended for the first time
  duration max;   ///< the delay doubles each time, up to this one
  /// after a run of this length the delay is `first` again
  duration forgiven_after;
};

/// Keeps the delay of one service.
class backoff {
public:
  explicit backoff(backoff_limits limits) noexcept : limits_(limits) {}

  /// The service was started at `now`.
  void started(time_point now) noexcept { started_ = now; }

  /// The service ended at `now`. Returns how long to wait before it is started
  /// again.
  duration ended(time_point now) noexcept;

private:
  backoff_limits limits_;
  time_point started_{};
  duration last_{};
};

} // namespace clearance::protocol
