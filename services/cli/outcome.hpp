/// Nothing is to be run: help, version, or a usage error.
#pragma once

#include <string>

namespace clearance::services {

struct outcome {
  int code = 0;
  std::string out; ///< for stdout
  std::string err; ///< for stderr; of a usage error two lines
};

} // namespace clearance::services
