#include "services/emit.hpp"

#include <cstdio>

namespace clearance::services {

int emit(const emit_config&) {
  std::fputs("terok-clearance: not built yet\n", stderr);
  return 70;
}

} // namespace clearance::services
