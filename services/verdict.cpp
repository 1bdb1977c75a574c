#include "services/verdict.hpp"

#include <cstdio>

namespace clearance::services {

int verdict(const verdict_config&) {
  std::fputs("terok-clearance: not built yet\n", stderr);
  return 70;
}

} // namespace clearance::services
