/// `terok-clearance notify`: executes terok-clearance-notify.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

struct notify_client_config {
  std::vector<std::string> words;
};

/// Only returns, with the exit code, if it cannot be executed.
int notify_client(const notify_client_config& config);

} // namespace clearance::services
