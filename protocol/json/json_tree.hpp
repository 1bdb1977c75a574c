/// A JSON value as a tree, for what is small and read once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

struct json_member;

/// One value, with everything in it.
struct json_tree {
  enum class kind : std::uint8_t {
    null,
    boolean,
    number,
    string,
    array,
    object,
  };

  kind type = kind::null;
  /// The text of a string; the source text of a boolean or number; else empty.
  std::string text;
  std::vector<json_tree> items; ///< of an array
  /// Of an object, in order. A repeated name is repeated here.
  std::vector<json_member> members;

  /// The last member of that name, or null.
  const json_tree* find(std::string_view name) const noexcept;

  /// These have nothing for a value of another type, and integer() for a
  /// number with a fraction, with an exponent or of more than 64 bits.
  std::optional<std::string> string() const;
  std::optional<std::int64_t> integer() const noexcept;
  std::optional<bool> boolean() const noexcept;
};

struct json_member {
  std::string name;
  json_tree value;
};

/// Reads one value of any type. Nothing: `text` is not JSON, or is nested more
/// than limits::varlink_nesting_max_depth deep.
std::optional<json_tree> parse_json_tree(std::string_view text);

} // namespace clearance::protocol
