#include "services/process/shield.hpp"

#include "actors/base/log.hpp"
#include "actors/io/process/child_runner.hpp"
#include "protocol/text/text.hpp"

namespace clearance::services {

std::string shield_program(const std::string& given) {
  std::string result = given.empty() ? "terok-shield" : given;
  if (io::find_program(result).empty()) {
    const bool is_path = result.find('/') != std::string::npos;
    log(actors::severity::warning, "shield",
        "the shield is not found, every verdict will fail until it is there",
        {{"shield", protocol::escaped(result)},
         {"looked_for",
          is_path ? "at this path" : "beside this program, then on PATH"},
         {"to_change", "install it, or name it with --shield"}});
  }
  return result;
}

} // namespace clearance::services
