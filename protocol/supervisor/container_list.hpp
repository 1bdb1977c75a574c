/// The containers that podman says are running.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

struct listed_container {
  std::string id;   ///< 64 hexadecimal digits, lower case
  std::string name; ///< as is_container_name() wants it

  friend bool operator==(const listed_container&,
                         const listed_container&) = default;
};

/// The format that podman is asked for: `podman ps --format FORMAT`.
inline constexpr auto container_list_format = "{{.ID}} {{.Names}}";

/// Parses what `podman ps --no-trunc` prints in that format, a line for each
/// container. A line that is not of this shape is left out; so is a last line
/// without its newline.
std::vector<listed_container> parse_container_list(std::string_view text);

} // namespace clearance::protocol
