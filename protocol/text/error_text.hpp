/// What the numbers in errno mean, in words.
#pragma once

#include <string>
#include <system_error>

namespace clearance::protocol {

/// The text of an errno value, such as "No such file or directory" for ENOENT.
/// Unlike strerror() it may be called by several threads at once.
inline std::string error_text(int code) {
  return std::generic_category().message(code);
}

} // namespace clearance::protocol
