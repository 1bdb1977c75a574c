/// What an idle gate does for its repositories.
#pragma once

#include "services/gate/gate.hpp"

namespace clearance::services {

/// In each repository: removes backups that have expired, packs refs when there
/// are many loose backups, and warns of refs that keep backups from being made.
/// Says what it did on stderr, a line each; see tend.cpp. Goes on when whoever
/// started it is gone. Returns the exit code.
int run_gate_tend(const gate_tend_call& call);

} // namespace clearance::services
