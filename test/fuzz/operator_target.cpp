// Input: a text that a container or a policy uses as a target. What is read is
// written and read again without a change. No text is both an address and a
// name.

#include "protocol/operator/flags.hpp"
#include "protocol/operator/name.hpp"
#include "test/fuzz/fuzz.hpp"

#include <string>

namespace operator_target_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  const auto name = canonical_name(text);
  if (const auto x = parse_ip_address(text)) {
    require(parse_ip_address(to_string(*x)) == x, "an address is read again");
    require(is_address_like(text), "an address is like an address");
    require(!name, "an address is no name");
    require((find_flags(*x) & address_flags()) == find_flags(*x),
            "an address has the flags of addresses alone");
  }
  if (const auto x = parse_ip_range(text)) {
    require(x->contains(x->base), "a range contains its base");
    require(parse_ip_range(to_string(*x)) == x, "a range is read again");
  }
  if (name) {
    require(canonical_name(*name) == name, "a canonical name stays");
    require(canonical_name(*name + ".") == name, "a dot changes nothing");
    require(name->size() <= name_max_chars, "a name is short");
  }
  const auto flags = find_flags({.domain = text, .addresses = {}});
  require(flags.has(flag::bad_name) == (!text.empty() && !name),
          "a domain is a name or flagged");
  if (const auto x = parse_name_pattern(text)) {
    require(parse_name_pattern(to_string(*x)) == x, "a pattern is read again");
    require(x->matches(x->name) == (x->what == name_pattern::form::exact),
            "a star stands for one label at least");
    require(x->matches("a." + x->name)
                == (x->what != name_pattern::form::exact),
            "a star stands for a label");
    require(!x->matches("a" + x->name), "a suffix has its dot");
  }
  // Two texts: a pattern and what it is to match.
  const auto end = text.find('\n');
  if (end != text.npos && size < 4096) {
    const auto pattern = text.substr(0, end);
    matches_glob(pattern, text.substr(end + 1));
    require(matches_glob("*", pattern), "a star matches all");
    if (pattern.find('*') == pattern.npos)
      require(matches_glob(pattern, text.substr(end + 1))
                  == (pattern == text.substr(end + 1)),
              "without a star only equal texts match");
  }
}

const clearance::test::fuzzer registered{"operator_target", run};

} // namespace

} // namespace operator_target_fuzzer
