/// `terok-clearance verdict`: answers one block.
#pragma once

#include "protocol/hub/verdict.hpp"

#include <string>

namespace clearance::services {

struct verdict_config {
  std::string clearance_socket;
  std::string request_id;
  std::string dest;
  std::string container;
  protocol::action action = protocol::action::deny;
};

/// Sends the verdict and prints its outcome. Returns the exit code.
int verdict(const verdict_config& config);

} // namespace clearance::services
