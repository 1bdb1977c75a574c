#include "protocol/base/container_id.hpp"

#include <algorithm>

namespace clearance::protocol {

bool is_container_id(std::string_view text) noexcept {
  return text.size() >= short_container_id_digits
         && text.size() <= whole_container_id_digits
         && std::all_of(text.begin(), text.end(), [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
                     || (c >= 'A' && c <= 'F');
            });
}

} // namespace clearance::protocol
