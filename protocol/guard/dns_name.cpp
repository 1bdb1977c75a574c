#include "protocol/guard/dns_name.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/operator/name.hpp"

#include <cstddef>
#include <utility>

namespace clearance::protocol {

namespace {

bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
         || c == '_';
}

bool append_label(std::string& name, std::string_view label) {
  if (!name.empty())
    name += '.';
  for (char c : label) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
    if (!is_name_char(c))
      return false;
    name += c;
  }
  return name.size() <= name_max_chars;
}

} // namespace

std::optional<std::string> take_dns_name(std::string_view message,
                                         wire_reader& in) {
  std::string name;
  wire_reader at = in;
  bool jumped = false;
  std::size_t pointers = 0;
  auto earliest = in.offset();
  bool good = true; // other characters: go on to the name's end
  for (;;) {
    const auto size = at.u8();
    if (!at.ok())
      return std::nullopt;
    if (size >= 0xc0) {
      const std::size_t to = (size & 0x3fU) << 8 | at.u8();
      if (!at.ok() || to >= earliest
          || ++pointers > guard_limits::name_max_pointers)
        return std::nullopt;
      if (!std::exchange(jumped, true))
        in = at;
      earliest = to;
      at = wire_reader(message);
      at.seek(to);
      continue;
    }
    if (size > label_max_chars)
      return std::nullopt;
    if (size == 0)
      break;
    const auto label = at.take(size);
    if (!at.ok())
      return std::nullopt;
    good = good && append_label(name, label);
  }
  if (!jumped)
    in = at;
  // A name of other characters is no name of an answer, and no fault.
  return good ? name : std::string{};
}

bool is_dns_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > name_max_chars)
    return false;
  std::size_t label = 0;
  for (const char c : text) {
    if (c == '.' && label == 0)
      return false;
    label = c == '.' ? 0 : label + 1;
    if (label > label_max_chars || (c != '.' && !is_name_char(c)))
      return false;
  }
  return label > 0;
}

} // namespace clearance::protocol
