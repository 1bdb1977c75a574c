#include "protocol/json/json_tree.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/json/strict_json.hpp"

#include <algorithm>
#include <charconv>

namespace clearance::protocol {

namespace {

json_tree::kind tree_kind(json_item::kind x) noexcept {
  switch (x) {
  case json_item::kind::null:
    return json_tree::kind::null;
  case json_item::kind::boolean:
    return json_tree::kind::boolean;
  case json_item::kind::number:
    return json_tree::kind::number;
  case json_item::kind::string:
    return json_tree::kind::string;
  case json_item::kind::array:
    return json_tree::kind::array;
  case json_item::kind::object:
    return json_tree::kind::object;
  }
  return {};
}

bool grow(json_reader& reader, json_reader::value& from, json_tree& to) {
  if (json_reader::is_object(from)) {
    to.type = json_tree::kind::object;
    return reader.members(from, [&](auto name, json_reader::value& x) {
      to.members.push_back({std::string{name}, {}});
      return grow(reader, x, to.members.back().value);
    });
  }
  if (json_reader::is_array(from)) {
    to.type = json_tree::kind::array;
    return reader.items(from, [&](json_reader::value& x) {
      return grow(reader, x, to.items.emplace_back());
    });
  }
  json_item scalar;
  if (!reader.take(from, scalar))
    return false;
  to.type = tree_kind(scalar.type);
  if (scalar.type != json_item::kind::null)
    to.text = scalar.text;
  return true;
}

} // namespace

const json_tree* json_tree::find(std::string_view name) const noexcept {
  auto at = std::find_if(members.rbegin(), members.rend(),
                         [=](const auto& x) { return x.name == name; });
  return at == members.rend() ? nullptr : &at->value;
}

std::optional<std::string> json_tree::string() const {
  return type == kind::string ? std::optional{text} : std::nullopt;
}

std::optional<std::int64_t> json_tree::integer() const noexcept {
  std::int64_t result = 0;
  const auto* end = text.data() + text.size();
  auto [at, failed] = std::from_chars(text.data(), end, result);
  if (type != kind::number || failed != std::errc{} || at != end)
    return std::nullopt;
  return result;
}

std::optional<bool> json_tree::boolean() const noexcept {
  return type == kind::boolean ? std::optional{text == "true"} : std::nullopt;
}

// The reader reads objects, so the value becomes the only member of one. A text
// that closes this object and goes on has a second member, or is not JSON.
std::optional<json_tree> parse_json_tree(std::string_view text) {
  std::string object = R"({"":)";
  object += text;
  object += '}';
  json_reader reader{limits::varlink_nesting_max_depth + 1};
  json_tree result;
  std::size_t count = 0;
  const bool is_json =
      reader.read(object, 0, [&](std::string_view, json_reader::value& x) {
        ++count;
        return grow(reader, x, result);
      });
  if (!is_json || count != 1)
    return std::nullopt;
  return result;
}

} // namespace clearance::protocol
