/// JSON for tests. It uses nothing of protocol/, because a parser must not
/// check itself.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::test {

/// A parsed value that owns itself. Objects keep their order; two of them are
/// equal whatever their order.
class json {
public:
  using array = std::vector<json>;
  using object = std::vector<std::pair<std::string, json>>;

  /// Throws std::runtime_error, with the text, when it is not JSON.
  static json parse(std::string_view text);

  json() = default;

  /// Throws std::runtime_error when this is no object or has no such key.
  const json& operator[](std::string_view key) const;
  bool has(std::string_view key) const;

  template <class T>
  const T& as() const {
    return std::get<T>(value_);
  }
  const std::string& text() const { return as<std::string>(); }
  const object& members() const { return as<object>(); }

  friend bool operator==(const json& a, const json& b);
  friend std::string to_string(const json& x);

private:
  struct builder;

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, array,
               object>
      value_ = nullptr;
};

std::string to_string(const json& x);

inline std::ostream& operator<<(std::ostream& out, const json& x) {
  return out << to_string(x);
}

/// `text` as a JSON string, quotes included. Bytes from 0x80 pass as they are.
std::string json_string(std::string_view text);

} // namespace clearance::test
