#include "protocol/base/backoff.hpp"

#include <algorithm>

namespace clearance::protocol {

duration backoff::ended(time_point now) noexcept {
  if (last_ == duration::zero() || now - started_ >= limits_.forgiven_after)
    last_ = limits_.first;
  else
    last_ = std::min(last_ * 2, limits_.max);
  return last_;
}

} // namespace clearance::protocol
