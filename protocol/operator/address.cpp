#include "protocol/operator/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <span>

namespace clearance::protocol {

namespace {

constexpr std::array<std::uint8_t, 12> ipv4_prefix{0, 0, 0, 0, 0,    0,
                                                   0, 0, 0, 0, 0xff, 0xff};

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// All of `text` is a decimal number up to `max`, without leading zeros.
std::optional<unsigned> decimal(std::string_view text, unsigned max) noexcept {
  unsigned result = 0;
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')
      || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), result);
  if (result > max)
    return std::nullopt;
  return result;
}

bool read_ipv4(std::string_view text, std::span<std::uint8_t, 4> out) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    auto end = i < 3 ? text.find('.') : text.size();
    if (end == text.npos)
      return false;
    auto part = decimal(text.substr(0, end), 255);
    if (!part)
      return false;
    out[i] = static_cast<std::uint8_t>(*part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

ip_address ipv4_of(std::span<const std::uint8_t, 4> bytes) noexcept {
  ip_address result;
  std::copy(ipv4_prefix.begin(), ipv4_prefix.end(), result.bytes.begin());
  std::copy(bytes.begin(), bytes.end(), result.bytes.begin() + 12);
  return result;
}

// Groups of four hexadecimal digits; the last two may be an IPv4 address.
struct group_list {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0; // in bytes

  // `text` is empty, or groups with a colon between them.
  bool read(std::string_view text) noexcept {
    while (!text.empty()) {
      auto end = std::min(text.find(':'), text.size());
      auto part = text.substr(0, end);
      if (!(end == text.size() && part.find('.') != part.npos ? read_last(part)
                                                              : read_hex(part)))
        return false;
      if (end == text.size())
        return true;
      text.remove_prefix(end + 1);
      if (text.empty())
        return false; // a colon at the end
    }
    return true;
  }

private:
  bool read_hex(std::string_view part) noexcept {
    if (part.empty() || part.size() > 4 || size + 2 > bytes.size()
        || !std::all_of(part.begin(), part.end(), is_hex_digit))
      return false;
    unsigned value = 0;
    std::from_chars(part.data(), part.data() + part.size(), value, 16);
    bytes[size++] = static_cast<std::uint8_t>(value >> 8);
    bytes[size++] = static_cast<std::uint8_t>(value & 0xff);
    return true;
  }

  bool read_last(std::string_view part) noexcept {
    std::array<std::uint8_t, 4> last{};
    if (size + last.size() > bytes.size() || !read_ipv4(part, last))
      return false;
    std::copy(last.begin(), last.end(),
              bytes.begin() + static_cast<std::ptrdiff_t>(size));
    size += last.size();
    return true;
  }
};

std::optional<ip_address> read_ipv6(std::string_view text) noexcept {
  ip_address result;
  auto gap = text.find("::");
  group_list head, tail;
  if (gap == text.npos) {
    if (!head.read(text) || head.size != 16)
      return std::nullopt;
    result.bytes = head.bytes;
    return result;
  }
  // An IPv4 address can only be the end of all.
  auto before = text.substr(0, gap);
  if (before.find('.') != before.npos || !head.read(before)
      || !tail.read(text.substr(gap + 2)) || head.size + tail.size > 14)
    return std::nullopt;
  std::copy_n(head.bytes.begin(), head.size, result.bytes.begin());
  std::copy_n(tail.bytes.begin(), tail.size,
              result.bytes.end() - static_cast<std::ptrdiff_t>(tail.size));
  return result;
}

// The bits of the last byte that an address shares with a range of `bits`.
constexpr std::uint8_t mask_of(unsigned bits) noexcept {
  return static_cast<std::uint8_t>(0xff00U >> (bits % 8));
}

bool has_prefix(const ip_address& x, const ip_address& base,
                unsigned bits) noexcept {
  const std::size_t whole = bits / 8;
  return std::equal(base.bytes.begin(),
                    base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    x.bytes.begin())
         && (bits % 8 == 0
             || ((x.bytes[whole] ^ base.bytes[whole]) & mask_of(bits)) == 0);
}

void append_hex(std::string& out, unsigned value) {
  std::array<char, 4> text{};
  auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr;
  out.append(text.data(), end);
}

} // namespace

bool ip_address::is_ipv4() const noexcept {
  return std::equal(ipv4_prefix.begin(), ipv4_prefix.end(), bytes.begin());
}

std::optional<ip_address> parse_ip_address(std::string_view text) noexcept {
  if (text.find(':') != text.npos)
    return read_ipv6(text);
  std::array<std::uint8_t, 4> bytes{};
  if (!read_ipv4(text, bytes))
    return std::nullopt;
  return ipv4_of(bytes);
}

std::string to_string(const ip_address& x) {
  std::string result;
  if (x.is_ipv4()) {
    for (std::size_t i = 12; i < 16; ++i)
      result += (i > 12 ? "." : "") + std::to_string(x.bytes[i]);
    return result;
  }
  auto group = [&x](std::size_t i) {
    return static_cast<unsigned>(x.bytes[2 * i] << 8 | x.bytes[2 * i + 1]);
  };
  // The first of the longest runs of zeros, if it has more than one group.
  std::size_t gap = 8, gap_size = 1;
  for (std::size_t i = 0, size = 0; i < 8; ++i) {
    size = group(i) == 0 ? size + 1 : 0;
    if (size > gap_size) {
      gap_size = size;
      gap = i + 1 - size;
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      result += "::";
      i += gap_size - 1;
      continue;
    }
    if (!result.empty() && result.back() != ':')
      result += ':';
    append_hex(result, group(i));
  }
  return result;
}

bool is_address_like(std::string_view text) noexcept {
  if (text.find(':') != text.npos)
    return true;
  if (text.ends_with('.'))
    text.remove_suffix(1);
  auto last = text.substr(text.rfind('.') + 1); // npos + 1 is 0
  if (last.empty())
    return false;
  if (std::all_of(last.begin(), last.end(), is_digit))
    return true;
  return last.size() >= 2 && last[0] == '0'
         && (last[1] == 'x' || last[1] == 'X')
         && std::all_of(last.begin() + 2, last.end(), is_hex_digit);
}

bool ip_range::contains(const ip_address& x) const noexcept {
  return has_prefix(x, base, bits);
}

bool ip_range::contains(const ip_range& x) const noexcept {
  return x.bits >= bits && contains(x.base);
}

std::optional<ip_range> parse_ip_range(std::string_view text) noexcept {
  auto slash = text.find('/');
  auto base = parse_ip_address(text.substr(0, slash));
  if (!base)
    return std::nullopt;
  ip_range result{*base, 128};
  if (slash == text.npos)
    return result;
  // The notation decides, not the address: `::ffff:0:0/96` is a range of IPv6.
  const unsigned offset = text.find(':') == text.npos ? 96 : 0;
  auto bits = decimal(text.substr(slash + 1), 128 - offset);
  if (!bits)
    return std::nullopt;
  result.bits = *bits + offset;
  for (unsigned i = result.bits; i < 128; ++i)
    if ((base->bytes[i / 8] >> (7 - i % 8) & 1) != 0)
      return std::nullopt;
  return result;
}

std::string to_string(const ip_range& x) {
  auto result = to_string(x.base);
  if (x.bits == 128)
    return result;
  // The first 96 bits of an IPv4 address are always given.
  return result + "/" + std::to_string(x.base.is_ipv4() ? x.bits - 96 : x.bits);
}

std::optional<ip_address> embedded_ipv4(const ip_address& x) noexcept {
  static constexpr ip_range nat64{{{0, 0x64, 0xff, 0x9b}}, 96};
  static constexpr ip_range nat64_local{{{0, 0x64, 0xff, 0x9b, 0, 1}}, 96};
  static constexpr ip_range six_to_four{{{0x20, 0x02}}, 16};
  static constexpr ip_range compatible{{}, 96};
  const std::span<const std::uint8_t, 16> bytes{x.bytes};
  if (nat64.contains(x) || nat64_local.contains(x))
    return ipv4_of(bytes.last<4>());
  if (six_to_four.contains(x))
    return ipv4_of(bytes.subspan<2, 4>());
  // `::` and `::1` have meanings of their own.
  if (compatible.contains(x)
      && std::any_of(bytes.begin() + 12, bytes.begin() + 15,
                     [](auto y) { return y != 0; }))
    return ipv4_of(bytes.last<4>());
  return std::nullopt;
}

} // namespace clearance::protocol
