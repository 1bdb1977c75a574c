#include "protocol/operator/name.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/operator/address.hpp"

#include <algorithm>
#include <cstddef>

namespace clearance::protocol {

namespace {

constexpr bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view x) noexcept {
  return !x.empty() && x.size() <= label_max_chars && x.front() != '-'
         && x.back() != '-' && std::all_of(x.begin(), x.end(), [](char c) {
              return is_letter_or_digit(c) || c == '-';
            });
}

// Calls `f` with each label until `f` returns false. Returns whether `f` never
// did.
template <class F>
bool all_labels(std::string_view name, F f) {
  for (;;) {
    auto dot = name.find('.');
    if (!f(name.substr(0, dot)))
      return false;
    if (dot == name.npos)
      return true;
    name.remove_prefix(dot + 1);
  }
}

} // namespace

std::optional<std::string> canonical_name(std::string_view text) {
  if (is_address_like(text))
    return std::nullopt;
  if (text.ends_with('.'))
    text.remove_suffix(1);
  if (text.size() > name_max_chars)
    return std::nullopt;
  std::string result{text};
  // tolower() is not used, because it depends on the locale.
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  if (!all_labels(result, is_label))
    return std::nullopt;
  return result;
}

// Sanitising cuts a text to text_max_chars bytes of ASCII, `...` included.
// Source: clearance.md, section 2.
bool is_cut_container(std::string_view id) noexcept {
  return id.size() == limits::text_max_chars && id.ends_with("...");
}

bool has_punycode(std::string_view name) noexcept {
  return !all_labels(name, [](auto x) { return !x.starts_with("xn--"); });
}

bool is_within(std::string_view name, std::string_view parent) noexcept {
  if (!name.ends_with(parent))
    return false;
  return name.size() == parent.size()
         || name[name.size() - parent.size() - 1] == '.';
}

bool name_pattern::matches(std::string_view x) const noexcept {
  if (what == form::exact)
    return x == name;
  if (x.size() <= name.size() || !is_within(x, name))
    return false;
  auto before = x.substr(0, x.size() - name.size() - 1);
  return what == form::any_labels || before.find('.') == before.npos;
}

std::optional<name_pattern> parse_name_pattern(std::string_view text) {
  name_pattern result;
  if (text.starts_with("**.")) {
    result.what = name_pattern::form::any_labels;
    text.remove_prefix(3);
  } else if (text.starts_with("*.")) {
    result.what = name_pattern::form::one_label;
    text.remove_prefix(2);
  }
  auto name = canonical_name(text);
  if (!name)
    return std::nullopt;
  result.name = *std::move(name);
  return result;
}

std::string to_string(const name_pattern& x) {
  switch (x.what) {
  case name_pattern::form::exact:
    break;
  case name_pattern::form::one_label:
    return "*." + x.name;
  case name_pattern::form::any_labels:
    return "**." + x.name;
  }
  return x.name;
}

// If a character does not match, the last `*` takes one character more.
bool matches_glob(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = pattern.npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

} // namespace clearance::protocol
