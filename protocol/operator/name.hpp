/// Domain names: how they are checked, compared and matched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Characters of a name without its trailing dot, and of one of its labels.
/// Source: RFC 1035, section 2.3.4.
inline constexpr std::size_t name_max_chars = 253;
inline constexpr std::size_t label_max_chars = 63;

/// The form in which names are compared: lower case, without one trailing dot.
/// Nothing if `text` is no name: an empty or too long label, a character other
/// than a letter, digit or hyphen, a hyphen at an end of a label, or a text
/// that some program may take for an address. Source: RFC 1123, section 2.1;
/// operator.md, section 8.
std::optional<std::string> canonical_name(std::string_view text);

/// Whether a label of the canonical `name` is written in punycode. Source: RFC
/// 5890, section 2.3.2.1.
bool has_punycode(std::string_view name) noexcept;

/// Whether the canonical `name` is `parent` or lies below it.
bool is_within(std::string_view name, std::string_view parent) noexcept;

/// Which names a rule means.
struct name_pattern {
  enum class form {
    exact,      ///< `name`: that name alone
    one_label,  ///< `*.name`: one label before it
    any_labels, ///< `**.name`: one or more labels before it
  };

  form what = form::exact;
  std::string name; ///< canonical

  /// `x` is canonical.
  bool matches(std::string_view x) const noexcept;

  friend bool operator==(const name_pattern&, const name_pattern&) = default;
};

/// Nothing for a text that is none of the three forms.
std::optional<name_pattern> parse_name_pattern(std::string_view text);

/// As the policy writes it.
std::string to_string(const name_pattern& x);

/// Whether `text` matches `pattern`, in which each `*` stands for any number of
/// characters, also none. Takes time in proportion to the product of both
/// sizes at most.
bool matches_glob(std::string_view pattern, std::string_view text) noexcept;

} // namespace clearance::protocol
