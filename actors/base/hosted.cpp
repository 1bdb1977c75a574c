#include "actors/base/hosted.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "protocol/text/text.hpp"

namespace clearance::actors {

void report_fault(const char* name, std::string_view what) noexcept {
  try {
    log(severity::error, name, "internal error",
        {{"what", protocol::escaped(what)}});
  } catch (const std::exception&) {
    log(severity::error, name, "internal error",
        {{"what", "out of memory even for its text"}});
  }
}

void report_fault(const char* name, const std::exception_ptr& fault) noexcept {
  try {
    std::rethrow_exception(fault);
  } catch (const std::exception& x) {
    report_fault(name, fault_text(x));
  } catch (...) {
    report_fault(name, "an unknown exception");
  }
}

} // namespace clearance::actors
