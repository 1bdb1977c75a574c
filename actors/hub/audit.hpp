/// The log's part of the audit trail: one line for each verdict, with who
/// asked, what for, and the result. audit_trail.hpp has the file's part.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/log.hpp"
#include "actors/base/log_limiter.hpp"
#include "protocol/base/time.hpp"

#include <string_view>

namespace clearance::actors {

/// A verdict that somebody asked for. Texts that the peer chose are escaped
/// when they are logged.
struct audited {
  std::string_view component; ///< the actor's name
  std::string_view action;
  std::string_view container;
  std::string_view request_id; ///< empty in the verdict helper
  std::string_view dest;
  const peer& who;
  std::string_view rule = {}; ///< of the policy, which decided; may be empty
};

/// The verdict was executed and the firewall was changed. The line is always
/// logged: there cannot be more of them than announced blocks.
void audit_applied(const audited& x);

/// The verdict was not executed. `text` is "verdict refused" if no shield ran,
/// else "verdict failed". A client can cause this as often as it likes, so
/// `limiter` may withhold the line; the next line then says how many. `why`
/// must be escaped.
void audit_denied(std::string_view text, const audited& x, log_field why,
                  log_limiter& limiter, protocol::time_point now);

/// The client left: logs how many of its lines were withheld.
void audit_rest(const peer& who, log_limiter& limiter,
                protocol::time_point now);

} // namespace clearance::actors
