/// What a push asks of one ref, and what a ref is before the push, as git says
/// both in lines of text. Source: githooks(5), "pre-receive";
/// git-for-each-ref(1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// One command of a push. Ids are hexadecimal, of 40 or 64 digits, both of the
/// same length.
struct ref_update {
  std::string old_id;
  std::string new_id;
  std::string ref;

  friend bool operator==(const ref_update&, const ref_update&) = default;
};

/// Parses a line `<old> <new> <ref>` without its end. No value: the line is
/// malformed.
std::optional<ref_update> parse_ref_update(std::string_view line);

/// A ref that is there.
struct ref_value {
  std::string_view id;  ///< a view into the line
  std::string_view ref; ///< a view into the line

  friend bool operator==(const ref_value&, const ref_value&) = default;
};

/// The format of `git for-each-ref` that parse_ref_value() reads.
inline constexpr std::string_view ref_value_format = "%(objectname) %(refname)";

/// Parses a line `<id> <ref>` without its end. No value: the line is malformed.
std::optional<ref_value> parse_ref_value(std::string_view line);

/// Whether `text` is a full id: 40 or 64 digits, lower case.
bool is_object_id(std::string_view text) noexcept;

/// Whether the id is all zeros, which stands for no object.
bool is_null_id(std::string_view id) noexcept;

} // namespace clearance::protocol
