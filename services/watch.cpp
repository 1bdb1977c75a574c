#include "services/watch.hpp"

#include <cstdio>

namespace clearance::services {

int watch(const watch_config&) {
  std::fputs("terok-clearance: not built yet\n", stderr);
  return 70;
}

} // namespace clearance::services
