#include "protocol/guard/dns_answer.hpp"

#include "protocol/guard/dns_name.hpp"
#include "protocol/guard/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_cname = 5;
constexpr std::uint16_t type_aaaa = 28;
constexpr std::uint16_t class_internet = 1;

struct alias {
  std::string from;
  std::string to;
};

struct named_address {
  std::string name;
  dns_address address;
};

struct records {
  std::vector<alias> aliases;
  std::vector<named_address> addresses;
};

// One record; false: it is malformed or cut.
bool take_record(std::string_view message, wire_reader& in, records& to) {
  const auto name = take_dns_name(message, in);
  if (!name)
    return false;
  const auto type = in.u16();
  const auto kind = in.u16();
  const auto ttl = in.u32();
  const std::size_t size = in.u16();
  wire_reader data = in;
  const auto value = in.take(size);
  if (!in.ok())
    return false;
  if (kind != class_internet || name->empty())
    return true;
  const bool v6 = type == type_aaaa;
  if ((type == type_a && size == 4) || (v6 && size == 16)) {
    to.addresses.push_back({*name, {wire_address(value.data(), v6), ttl}});
  } else if (type == type_cname) {
    auto target = take_dns_name(message, data);
    if (!target)
      return false;
    if (!target->empty())
      to.aliases.push_back({*name, std::move(*target)});
  }
  return true;
}

// The name and what its aliases lead to, in whatever order the records stand.
std::vector<std::string> chain_of(const std::string& name, const records& x) {
  std::vector<std::string> chain{name};
  while (chain.size() <= guard_limits::answer_max_aliases) {
    auto next = std::find_if(
        x.aliases.begin(), x.aliases.end(),
        [&chain](const alias& a) { return a.from == chain.back(); });
    if (next == x.aliases.end()
        || std::find(chain.begin(), chain.end(), next->to) != chain.end())
      break;
    chain.push_back(next->to);
  }
  return chain;
}

} // namespace

std::optional<dns_answer> parse_dns_answer(std::string_view bytes) {
  wire_reader in(bytes);
  dns_answer result;
  result.id = in.u16();
  const auto flags = in.u16();
  const auto questions = in.u16();
  const auto answers = in.u16();
  in.skip(4); // counts of the other sections
  const bool response = (flags & 0x8000) != 0;
  // Neither another operation nor a failure; a cut answer is read as far as it
  // goes.
  if (!in.ok() || !response || (flags & 0x780f) != 0 || questions != 1)
    return std::nullopt;
  auto name = take_dns_name(bytes, in);
  in.skip(4); // type and class
  if (!in.ok() || !name || name->empty())
    return std::nullopt;
  result.name = std::move(*name);
  records all;
  const auto count =
      std::min<std::size_t>(answers, guard_limits::answer_max_records);
  for (std::size_t i = 0; i < count && take_record(bytes, in, all); ++i) {
    // nop
  }
  const auto chain = chain_of(result.name, all);
  for (const auto& x : all.addresses) {
    const bool known = std::any_of(
        result.addresses.begin(), result.addresses.end(),
        [&x](const dns_address& y) { return y.address == x.address.address; });
    if (!known && std::find(chain.begin(), chain.end(), x.name) != chain.end())
      result.addresses.push_back(x.address);
  }
  return result;
}

} // namespace clearance::protocol
