#include "protocol/guard/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace clearance::protocol {

namespace {

// A decimal number of at most `max` without leading zeros; -1: it is none.
int decimal(std::string_view text, int max) noexcept {
  int value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || text.size() > 3 || error != std::errc{} || at != end
      || value < 0 || value > max || (text.size() > 1 && text[0] == '0'))
    return -1;
  return value;
}

bool parse_v4(std::string_view text, std::uint8_t* to) noexcept {
  for (int i = 0; i < 4; ++i) {
    const auto dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos)
      return false;
    const int value = decimal(text.substr(0, dot), 255);
    if (value < 0)
      return false;
    to[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return true;
}

// The groups on one side of `::`, or all of them. Returns how many bytes they
// are, or nothing.
std::optional<std::size_t> parse_groups(std::string_view text,
                                        std::uint8_t* to) noexcept {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == std::string_view::npos
        && group.find('.') != std::string_view::npos)
      return count <= 12 && parse_v4(group, to + count)
                 ? std::optional{count + 4}
                 : std::nullopt;
    unsigned value = 0;
    const auto* end = group.data() + group.size();
    const auto [at, error] = std::from_chars(group.data(), end, value, 16);
    if (group.empty() || group.size() > 4 || error != std::errc{} || at != end
        || count > 14)
      return std::nullopt;
    to[count++] = static_cast<std::uint8_t>(value >> 8);
    to[count++] = static_cast<std::uint8_t>(value & 0xff);
    if (colon == std::string_view::npos)
      break;
    text.remove_prefix(colon + 1);
    if (text.empty())
      return std::nullopt; // a colon at the end
  }
  return count;
}

bool parse_v6(std::string_view text, std::uint8_t* to) noexcept {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos)
    return parse_groups(text, to) == 16U;
  std::array<std::uint8_t, 16> tail{};
  const auto before = parse_groups(text.substr(0, gap), to);
  const auto after = parse_groups(text.substr(gap + 2), tail.data());
  // `::` stands for one group at least.
  if (!before || !after || *before + *after > 14)
    return false;
  // An IPv4 address stands at the end alone.
  if (text.substr(0, gap).find('.') != std::string_view::npos)
    return false;
  std::copy_n(tail.data(), *after, to + 16 - *after);
  return true;
}

struct group_run {
  std::size_t first = 8;
  std::size_t count = 0;
};

// The longest run of zero groups, of at least two: RFC 5952, section 4.2.
group_run longest_zeros(const std::array<unsigned, 8>& groups) noexcept {
  group_run best;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0)
      ++end;
    if (end - i > best.count && end - i > 1)
      best = {i, end - i};
    i = end + 1;
  }
  return best;
}

std::string v6_text(const ip_address& x) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<unsigned>(x.bytes[2 * i]) << 8 | x.bytes[2 * i + 1];
  const auto zeros = longest_zeros(groups);
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros.first) {
      out += "::";
      i += zeros.count - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':')
      out += ':';
    char digits[4];
    const auto end = std::to_chars(digits, digits + 4, groups[i], 16).ptr;
    out.append(digits, end);
  }
  return out;
}

// The prefixes that are_special() looks for; each network once.
constexpr std::string_view special_networks[] = {
    "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10", "127.0.0.0/8",
    "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",  "192.168.0.0/16",
    "198.18.0.0/15",  "224.0.0.0/4",   "240.0.0.0/4",   "::/96",
    "64:ff9b:1::/48", "100::/64",      "fc00::/7",      "fe80::/10",
    "fec0::/10",      "ff00::/8",
};

} // namespace

bool ip_target::contains(const ip_address& x) const noexcept {
  if (x.v6 != address.v6)
    return false;
  for (std::size_t bit = 0; bit < bits; bit += 8) {
    const auto left = std::min<std::size_t>(bits - bit, 8);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> left);
    if (((x.bytes[bit / 8] ^ address.bytes[bit / 8]) & mask) != 0)
      return false;
  }
  return true;
}

ip_address address_of(const std::uint8_t* bytes, bool v6) noexcept {
  constexpr std::uint8_t wrapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  ip_address result{v6, {}};
  if (v6 && std::equal(wrapped, wrapped + 12, bytes))
    return address_of(bytes + 12, false);
  std::copy_n(bytes, result.size(), result.bytes.data());
  return result;
}

std::optional<ip_address> parse_address(std::string_view text) {
  std::uint8_t bytes[16] = {};
  if (parse_v4(text, bytes))
    return address_of(bytes, false);
  if (text.find(':') != std::string_view::npos && parse_v6(text, bytes))
    return address_of(bytes, true);
  return std::nullopt;
}

std::optional<ip_target> parse_target(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address)
    return std::nullopt;
  const auto full = static_cast<int>(address->size() * 8);
  if (slash == std::string_view::npos)
    return ip_target{*address, static_cast<std::uint8_t>(full)};
  // A wrapped IPv4 address has become one of IPv4, so its bits do not fit.
  const bool wrapped = !address->v6 && text.find(':') != std::string_view::npos;
  const int bits = decimal(text.substr(slash + 1), full);
  if (bits < 0 || wrapped)
    return std::nullopt;
  ip_target result{*address, static_cast<std::uint8_t>(bits)};
  for (auto bit = static_cast<std::size_t>(bits); bit < address->size() * 8;
       ++bit)
    if ((address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
      return std::nullopt;
  return result;
}

std::string to_string(const ip_address& x) {
  if (x.v6)
    return v6_text(x);
  std::string out = std::to_string(x.bytes[0]);
  for (std::size_t i = 1; i < 4; ++i)
    out += '.' + std::to_string(x.bytes[i]);
  return out;
}

std::string to_string(const ip_target& x) {
  auto out = to_string(x.address);
  if (x.is_network())
    out += '/' + std::to_string(x.bits);
  return out;
}

bool is_special(const ip_address& x) noexcept {
  return std::any_of(std::begin(special_networks), std::end(special_networks),
                     [&x](std::string_view network) {
                       const auto target = parse_target(network);
                       return target && target->contains(x);
                     });
}

} // namespace clearance::protocol
