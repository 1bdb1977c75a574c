/// A strict reader of varlink interface descriptions, for tests.
/// Source: varlink.org, "Interface Definition".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::test {

/// Names with the source text of their types, without white space.
using idl_fields = std::vector<std::pair<std::string, std::string>>;

struct idl_member {
  enum class kind { type, method, error };

  kind what = kind::type;
  std::string name;
  idl_fields fields;  ///< a type's or error's fields, a method's parameters
  idl_fields replies; ///< of a method
};

struct idl_interface {
  std::string name;
  std::vector<idl_member> members;

  /// Throws std::runtime_error, with place and reason, unless `text` is one
  /// whole description: grammar, unique names, no type that is not declared,
  /// at least one member.
  static idl_interface parse(std::string_view text);

  /// Throws std::runtime_error if there is none.
  const idl_member& member(idl_member::kind what, std::string_view named) const;

  std::vector<idl_member> all(idl_member::kind what) const;
};

} // namespace clearance::test
