#include "services/serve_verdict.hpp"

#include <cstdio>

namespace clearance::services {

int serve_verdict(const serve_verdict_config&) {
  std::fputs("terok-clearance: not built yet\n", stderr);
  return 70;
}

} // namespace clearance::services
