/// Ids of containers, as podman prints them.
#pragma once

#include <cstddef>
#include <string_view>

namespace clearance::protocol {

/// How many hexadecimal digits an id has. The first 12 are the short form,
/// which stands in paths and in events.
inline constexpr std::size_t short_container_id_digits = 12;
inline constexpr std::size_t whole_container_id_digits = 64;

/// 12 to 64 hexadecimal digits: an id, or the beginning of one. Every other
/// text that stands for a container is a name.
bool is_container_id(std::string_view text) noexcept;

} // namespace clearance::protocol
