#include "test/support/wire/json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace clearance::test {

namespace dom = simdjson::dom;

struct json::builder {
  static json from(dom::element x) {
    json result;
    switch (x.type()) {
    case dom::element_type::ARRAY: {
      array items;
      for (auto item : dom::array(x))
        items.push_back(from(item));
      result.value_ = std::move(items);
      break;
    }
    case dom::element_type::OBJECT: {
      object items;
      for (auto [key, item] : dom::object(x))
        items.emplace_back(std::string(key), from(item));
      result.value_ = std::move(items);
      break;
    }
    case dom::element_type::INT64:
      result.value_ = std::int64_t(x);
      break;
    case dom::element_type::UINT64: // beyond int64
    case dom::element_type::DOUBLE:
      result.value_ = double(x);
      break;
    case dom::element_type::STRING:
      result.value_ = std::string(std::string_view(x));
      break;
    case dom::element_type::BOOL:
      result.value_ = bool(x);
      break;
    case dom::element_type::NULL_VALUE:
      break;
    }
    return result;
  }
};

json json::parse(std::string_view text) {
  thread_local dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root))
    throw std::runtime_error(std::string("not JSON (")
                             + simdjson::error_message(error)
                             + "): " + std::string(text));
  return builder::from(root);
}

const json& json::operator[](std::string_view key) const {
  if (const auto items = std::get_if<object>(&value_))
    for (const auto& [name, item] : *items)
      if (name == key)
        return item;
  throw std::runtime_error("no \"" + std::string(key) + "\" in "
                           + to_string(*this));
}

bool json::has(std::string_view key) const {
  const auto items = std::get_if<object>(&value_);
  return items
         && std::any_of(items->begin(), items->end(),
                        [&](const auto& item) { return item.first == key; });
}

bool operator==(const json& a, const json& b) {
  const auto left = std::get_if<json::object>(&a.value_);
  const auto right = std::get_if<json::object>(&b.value_);
  if (left && right)
    return left->size() == right->size()
           && std::is_permutation(left->begin(), left->end(), right->begin());
  return a.value_ == b.value_;
}

std::string to_string(const json& x) {
  std::string result;
  if (const auto items = std::get_if<json::array>(&x.value_)) {
    for (const auto& item : *items)
      result += (result.empty() ? "" : ",") + to_string(item);
    return "[" + result + "]";
  }
  if (const auto items = std::get_if<json::object>(&x.value_)) {
    for (const auto& [key, item] : *items)
      result += (result.empty() ? "" : ",") + json_string(key) + ":"
                + to_string(item);
    return "{" + result + "}";
  }
  if (const auto text = std::get_if<std::string>(&x.value_))
    return json_string(*text);
  if (const auto number = std::get_if<std::int64_t>(&x.value_))
    return std::to_string(*number);
  if (const auto number = std::get_if<double>(&x.value_))
    return std::to_string(*number);
  if (const auto truth = std::get_if<bool>(&x.value_))
    return *truth ? "true" : "false";
  return "null";
}

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x",
                    static_cast<unsigned>(c));
      result += escape.data();
    } else {
      result += c;
    }
  }
  return result + '"';
}

} // namespace clearance::test
