/// How long to wait before something that keeps ending is started again.
#pragma once

#include "protocol/base/time.hpp"

namespace clearance::protocol {

struct backoff_limits {
  duration first;          ///< the delay after the first end
  duration max;            ///< it doubles up to here
  duration forgiven_after; ///< whoever ran that long begins anew
};

/// The memory of one service.
class backoff {
public:
  explicit backoff(backoff_limits limits) noexcept : limits_(limits) {}

  /// It runs since `now`.
  void started(time_point now) noexcept { started_ = now; }

  /// It ended at `now`: start it after this long.
  duration ended(time_point now) noexcept;

private:
  backoff_limits limits_;
  time_point started_{};
  duration last_{};
};

} // namespace clearance::protocol
