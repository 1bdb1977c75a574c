#include "services/client/notify_client.hpp"

#include "services/client/other_program.hpp"

namespace clearance::services {

int notify_client(const notify_client_config& config) {
  return execute_program(
      "terok-clearance-notify", config.words,
      "notifications on the desktop are the program terok-clearance-notify, "
      "which was found neither beside this program nor on PATH; install the "
      "package terok-clearance-notify");
}

} // namespace clearance::services
