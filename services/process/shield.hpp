/// The program that changes the firewall.
#pragma once

#include "actors/executor/shield_executor.hpp"

#include <string>

namespace clearance::services {

struct shield_choice {
  actors::shield_names names;
  std::string program; ///< the one that is there now; empty: none is
};

/// What is run as the shield: `given`, unless it is empty. Otherwise
/// terok-shield, which is looked for beside our executable, on PATH and in
/// ~/.local/bin, and then terok-guard in the same places. If there is no such
/// program, a warning says so: verdicts fail until there is one, which may come
/// later. Source: supervisor.md, section 2.
shield_choice choose_shield(const std::string& given);

/// What TEROK_SHIELD names, unless the command line `argv` has a --shield;
/// otherwise `parsed`, which the command line or the configuration file gave.
std::string shield_setting(const std::string& parsed, int argc,
                           const char* const* argv);

/// For a service's status: that no shield was found, or that terok-guard stands
/// in for terok-shield. Otherwise empty.
std::string shield_caveat(const shield_choice& x);

} // namespace clearance::services
