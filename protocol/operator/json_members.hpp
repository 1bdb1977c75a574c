/// Writes the members of a JSON object, one after another.
#pragma once

#include "protocol/text/text.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Appends `{` at its start and `}` at its end. A nested object or list is
/// appended by raw().
class json_members {
public:
  explicit json_members(std::string& out) : out_(out) { out_ += '{'; }
  // Memory may be denied to the end. While an exception passes nobody wants the
  // text.
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~json_members() noexcept(false) {
    if (std::uncaught_exceptions() == exceptions_)
      out_ += '}';
  }
  json_members(const json_members&) = delete;
  json_members& operator=(const json_members&) = delete;

  void text(std::string_view key, std::string_view x) {
    append_json(raw(key), x);
  }
  void number(std::string_view key, std::int64_t x) {
    raw(key) += std::to_string(x);
  }
  void count(std::string_view key, std::uint64_t x) {
    raw(key) += std::to_string(x);
  }
  void truth(std::string_view key, bool x) { raw(key) += x ? "true" : "false"; }

  /// These leave the member out where there is nothing to say.
  void text_if(std::string_view key, std::string_view x) {
    if (!x.empty())
      text(key, x);
  }
  void number_if(std::string_view key, const std::optional<std::int64_t>& x) {
    if (x)
      number(key, *x);
  }

  /// `append(out, element)` for each element.
  template <class List, class F>
  void list(std::string_view key, const List& xs, F append) {
    auto& out = raw(key);
    out += '[';
    for (std::string_view separator; const auto& x : xs) {
      out += separator;
      append(out, x);
      separator = ",";
    }
    out += ']';
  }

  /// Pairs of texts.
  template <class Pairs>
  void texts(std::string_view key, const Pairs& xs) {
    json_members inner{raw(key)};
    for (const auto& [name, value] : xs)
      inner.text(name, value);
  }

  /// The caller appends the value.
  std::string& raw(std::string_view key) {
    if (!is_first_)
      out_ += ',';
    is_first_ = false;
    append_json(out_, key);
    out_ += ':';
    return out_;
  }

private:
  std::string& out_;
  bool is_first_ = true;
  int exceptions_ = std::uncaught_exceptions();
};

} // namespace clearance::protocol
