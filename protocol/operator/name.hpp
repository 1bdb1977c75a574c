/// Domain names: how they are checked, compared and matched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Characters of a name without its trailing dot, and of one label. Source: RFC
/// 1035, section 2.3.4.
inline constexpr std::size_t name_max_chars = 253;
inline constexpr std::size_t label_max_chars = 63;

/// The form in which names are compared: lower case, without a trailing dot.
/// Nothing if `text` is not a name: a label is empty or too long, a character
/// is not a letter, digit or hyphen, a label begins or ends with a hyphen, or
/// some program may take the text for an address. Source: RFC 1123, section
/// 2.1; operator.md, section 8.
std::optional<std::string> canonical_name(std::string_view text);

/// Whether sanitising may have cut the container's id. Then two containers may
/// have this text, and neither is called so.
bool is_cut_container(std::string_view id) noexcept;

/// Whether a label of the canonical `name` is written in punycode. Source: RFC
/// 5890, section 2.3.2.1.
bool has_punycode(std::string_view name) noexcept;

/// Whether the canonical `name` is `parent` or a name below it.
bool is_within(std::string_view name, std::string_view parent) noexcept;

/// The names that a rule means.
struct name_pattern {
  enum class form {
    exact,      ///< `name`: only that name
    one_label,  ///< `*.name`: one label before it
    any_labels, ///< `**.name`: one or more labels before it
  };

  form what = form::exact;
  std::string name; ///< canonical

  /// `x` is canonical.
  bool matches(std::string_view x) const noexcept;

  friend bool operator==(const name_pattern&, const name_pattern&) = default;
};

/// Nothing if the text has none of the three forms.
std::optional<name_pattern> parse_name_pattern(std::string_view text);

/// The pattern as it is written in a policy.
std::string to_string(const name_pattern& x);

/// Whether `text` matches `pattern`. Each `*` in the pattern stands for any
/// number of characters, also for none. The time is at most proportional to the
/// product of both sizes.
bool matches_glob(std::string_view pattern, std::string_view text) noexcept;

} // namespace clearance::protocol
