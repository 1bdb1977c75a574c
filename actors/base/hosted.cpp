#include "actors/base/hosted.hpp"

#include "actors/base/log.hpp"
#include "protocol/text/text.hpp"

namespace clearance::actors {

std::string describe(const std::exception_ptr& fault) {
  try {
    std::rethrow_exception(fault);
  } catch (const std::exception& x) {
    return x.what();
  } catch (...) {
    return "an unknown exception";
  }
}

void report_fault(const char* name, const std::string& what) {
  log(severity::error, name, "internal error",
      {{"what", protocol::escaped(what)}});
}

} // namespace clearance::actors
