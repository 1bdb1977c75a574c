#include "services/serve.hpp"

#include <cstdio>

namespace clearance::services {

int serve(const serve_config&) {
  std::fputs("terok-clearance: not built yet\n", stderr);
  return 70;
}

} // namespace clearance::services
