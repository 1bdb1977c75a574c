/// What a command line says about the audit trail.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

struct audit_setting {
  std::string file;         ///< empty: the default; `none`: there is no trail
  bool is_synced = false;   ///< verdicts wait until their record is on the disk
  bool is_required = false; ///< a verdict without its record is not executed

  bool is_off() const noexcept { return file == "none"; }
};

/// The options that mean `x`, for a command line.
inline std::vector<std::string> audit_words(const audit_setting& x) {
  std::vector<std::string> result;
  if (!x.file.empty())
    result.push_back("--audit=" + x.file);
  if (x.is_synced)
    result.emplace_back("--audit-sync");
  if (x.is_required)
    result.emplace_back("--audit-required");
  return result;
}

} // namespace clearance::services
