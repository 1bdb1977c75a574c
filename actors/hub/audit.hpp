/// The audit trail: one line for each verdict, with who, what, and what came of
/// it. The log has the time.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/log.hpp"
#include "actors/base/log_limiter.hpp"
#include "protocol/base/time.hpp"

#include <string_view>

namespace clearance::actors {

/// A verdict as it was asked for. What the peer chose need not be escaped.
struct audited {
  std::string_view component; ///< the actor's name
  std::string_view action;
  std::string_view container;
  std::string_view request_id; ///< the hub's alone
  std::string_view dest;
  const peer& who;
};

/// The firewall was changed. Never withheld: each takes a block that was
/// announced.
void audit_applied(const audited& x);

/// It was not: "verdict refused" before anything ran, "verdict failed" after
/// that. A client can repeat these as fast as it likes: what `limiter` does not
/// allow is counted, and told with the next line. `why` must be escaped.
void audit_denied(std::string_view text, const audited& x, log_field why,
                  log_limiter& limiter, protocol::time_point now);

/// What was counted of a client that left.
void audit_rest(const peer& who, log_limiter& limiter,
                protocol::time_point now);

} // namespace clearance::actors
