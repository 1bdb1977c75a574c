/// The audit trails of an application's hubs.
#pragma once

#include "actors/hub/hub.hpp"
#include "services/embedding/clearance.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

/// An audit trail whose file is open and locked.
struct opened_audit {
  /// Gives the hub the trail. Set the hub's board before. For the I/O thread.
  std::function<void(hub_config&)> give_to;
  std::function<void()> reopen; ///< looks whether the file was renamed
};

/// Opens the trail of the hub that its records call `hub`. `boot` as in
/// prompts_config. If an earlier hub of this process still writes the file, it
/// waits for that, at most operator_limits::audit_flush_deadline. Throws
/// services::audit_fault.
opened_audit open_audit(const face::audit_config& config,
                        const std::string& hub, const std::string& boot);

/// Waits until all trails have ended and have been written. Returns whether
/// they have.
bool await_audits(std::chrono::milliseconds max);

} // namespace clearance::actors::embedding
