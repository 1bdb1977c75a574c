/// Reads members with both readers of JSON objects, for their tests.
#pragma once

#include "protocol/json/strict_json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::test {

struct member {
  std::string key;
  protocol::json_item::kind type;
  std::string text;

  friend bool operator==(const member&, const member&) = default;
};

using members = std::vector<member>;

/// Appends the members of a document, in order. The members of the object `in`
/// are inserted at its place. False if the reader gives up. `capacity` is that
/// of the reader's read().
template <class Reader>
bool read_members(Reader& reader, std::string_view document,
                  std::size_t capacity, members& out) {
  using value = typename Reader::value;
  auto take = [&](std::string_view key, value& x) {
    protocol::json_item item;
    if (!reader.take(x, item))
      return false;
    out.push_back({std::string{key}, item.type, std::string{item.text}});
    return true;
  };
  return reader.read(document, capacity, [&](std::string_view key, value& x) {
    if (key == "in" && reader.is_object(x))
      return reader.members(x, take);
    return take(key, x);
  });
}

} // namespace clearance::test
