#include "protocol/operator/flags.hpp"

#include "protocol/operator/name.hpp"

#include <algorithm>

namespace clearance::protocol {

namespace {

// A range of addresses with a meaning.
struct special_range {
  std::string_view text;
  flag what;
};

// Sources: the IANA registries of special-purpose addresses (RFC 6890), and the
// clouds' manuals about instance metadata.
constexpr std::array special_ranges{
    special_range{"0.0.0.0/8", flag::loopback}, // "this host": Linux connects
    special_range{"10.0.0.0/8", flag::private_address},
    special_range{"100.64.0.0/10", flag::private_address}, // RFC 6598
    special_range{"127.0.0.0/8", flag::loopback},
    special_range{"169.254.0.0/16", flag::link_local},
    special_range{"172.16.0.0/12", flag::private_address},
    special_range{"192.168.0.0/16", flag::private_address},
    special_range{"198.18.0.0/15", flag::private_address}, // RFC 2544
    special_range{"::/128", flag::loopback},
    special_range{"::1/128", flag::loopback},
    special_range{"fc00::/7", flag::private_address},
    special_range{"fec0::/10", flag::private_address}, // RFC 3879
    special_range{"fe80::/10", flag::link_local},
    special_range{"169.254.169.254/32", flag::metadata_service}, // most clouds
    special_range{"169.254.170.2/32", flag::metadata_service},   // Amazon ECS
    special_range{"169.254.170.23/32", flag::metadata_service},  // Amazon EKS
    special_range{"100.100.100.200/32", flag::metadata_service}, // Alibaba
    special_range{"168.63.129.16/32", flag::metadata_service},   // Azure
    special_range{"192.0.0.192/32", flag::metadata_service},     // Oracle
    special_range{"fd00:ec2::254/128", flag::metadata_service},  // Amazon EC2
    special_range{"fd00:ec2::23/128", flag::metadata_service},   // Amazon EKS
    special_range{"fd20:ce::254/128", flag::metadata_service},   // Google
};

struct known_range {
  ip_range range;
  flag what;
};

const std::array<known_range, special_ranges.size()>& known_ranges() {
  static const auto result = [] {
    std::array<known_range, special_ranges.size()> ranges{};
    std::transform(special_ranges.begin(), special_ranges.end(), ranges.begin(),
                   [](const special_range& x) {
                     return known_range{*parse_ip_range(x.text), x.what};
                   });
    return ranges;
  }();
  return result;
}

bool is_in(const ip_address& x, flag what) noexcept {
  auto found = [what](const ip_address& y) {
    return std::any_of(known_ranges().begin(), known_ranges().end(),
                       [&](const known_range& z) {
                         return z.what == what && z.range.contains(y);
                       });
  };
  if (found(x))
    return true;
  auto carried = embedded_ipv4(x);
  return carried && found(*carried);
}

bool any_is_in(const flag_facts& x, flag what) {
  return std::any_of(x.addresses.begin(), x.addresses.end(),
                     [what](const ip_address& y) { return is_in(y, what); });
}

bool is_named(const flag_facts& x, std::string_view parent) {
  auto name = canonical_name(x.domain);
  return name && is_within(*name, parent);
}

// -- one function for each flag -----------------------------------------------

bool is_private(const flag_facts& x) {
  return any_is_in(x, flag::private_address);
}

// RFC 6761, section 6.3: these names mean the machine itself.
bool is_loopback(const flag_facts& x) {
  return any_is_in(x, flag::loopback) || is_named(x, "localhost");
}

bool is_link_local(const flag_facts& x) {
  return any_is_in(x, flag::link_local);
}

bool is_metadata_service(const flag_facts& x) {
  return any_is_in(x, flag::metadata_service)
         || is_named(x, "metadata.google.internal");
}

bool is_shared(const flag_facts& x) {
  return x.address_is_shared;
}

bool is_punycode(const flag_facts& x) {
  auto name = canonical_name(x.domain);
  return name && has_punycode(*name);
}

bool is_nameless(const flag_facts& x) {
  return x.domain.empty();
}

bool is_one_of_many(const flag_facts& x) {
  return x.open_prompts_of_container > many_targets_min;
}

bool was_allowed(const flag_facts& x) {
  return x.allowed_before;
}

// Sanitising replaces bad characters by a space, and a text that it cuts is
// longer than a name can be. Neither is a name.
bool is_bad_name(const flag_facts& x) {
  return !x.domain.empty() && !canonical_name(x.domain);
}

// An allow of `com` opens all names below it, and one of `0.0.0.0/0` opens
// everything: a shield may take a network.
bool is_wide(const flag_facts& x) {
  if (x.has_odd_address)
    return true;
  const auto name = canonical_name(x.domain);
  if (!name)
    return x.domain.starts_with('*') || x.domain.find('/') != x.domain.npos;
  return *name != "localhost" && name->find('.') == name->npos;
}

bool has_failed(const flag_facts& x) {
  return x.automatic_failed;
}

// -- the list of all flags ----------------------------------------------------

struct flag_entry {
  flag what;
  std::string_view word;
  bool (*is_true)(const flag_facts&);
};

constexpr std::array<flag_entry, flag_count> entries{{
    {flag::private_address, "private_address", is_private},
    {flag::loopback, "loopback", is_loopback},
    {flag::link_local, "link_local", is_link_local},
    {flag::metadata_service, "metadata_service", is_metadata_service},
    {flag::shared_address, "shared_address", is_shared},
    {flag::punycode, "punycode", is_punycode},
    {flag::no_name, "no_name", is_nameless},
    {flag::many_targets, "many_targets", is_one_of_many},
    {flag::allowed_before, "allowed_before", was_allowed},
    {flag::bad_name, "bad_name", is_bad_name},
    {flag::automatic_failed, "automatic_failed", has_failed},
    {flag::wide_target, "wide_target", is_wide},
}};

} // namespace

std::string_view to_string(flag x) noexcept {
  return entries[static_cast<std::size_t>(x)].word;
}

std::vector<std::string_view> flag_set::words() const {
  std::vector<std::string_view> result;
  for (const auto& x : entries)
    if (has(x.what))
      result.push_back(x.word);
  return result;
}

flag_set find_flags(const flag_facts& x) {
  flag_set result;
  for (const auto& y : entries)
    if (y.is_true(x))
      result.add(y.what);
  return result;
}

flag_set address_flags() noexcept {
  flag_set result;
  for (auto x : {flag::private_address, flag::loopback, flag::link_local,
                 flag::metadata_service})
    result.add(x);
  return result;
}

flag_set find_flags(const ip_address& x) noexcept {
  return find_flags(flag_facts{.domain = {}, .addresses = {&x, 1}})
         & address_flags();
}

bool lies_within(const ip_range& x, flag which) noexcept {
  if (x.bits == 128 && is_in(x.base, which))
    return true;
  return std::any_of(known_ranges().begin(), known_ranges().end(),
                     [&](const known_range& y) {
                       return y.what == which && y.range.contains(x);
                     });
}

} // namespace clearance::protocol
