// A JSON reader for one small object. It validates everything, also what it
// leaves out. Source: RFC 8259.
#include "protocol/guard/annotations.hpp"

#include "protocol/guard/limits.hpp"

#include <algorithm>
#include <cstdint>

namespace clearance::protocol {

namespace {

void append_utf8(std::string& out, std::uint32_t x) {
  const auto byte = [&out](std::uint32_t value) {
    out += static_cast<char>(value);
  };
  if (x < 0x80) {
    byte(x);
  } else if (x < 0x800) {
    byte(0xc0 | x >> 6);
    byte(0x80 | (x & 0x3f));
  } else if (x < 0x10000) {
    byte(0xe0 | x >> 12);
    byte(0x80 | (x >> 6 & 0x3f));
    byte(0x80 | (x & 0x3f));
  } else {
    byte(0xf0 | x >> 18);
    byte(0x80 | (x >> 12 & 0x3f));
    byte(0x80 | (x >> 6 & 0x3f));
    byte(0x80 | (x & 0x3f));
  }
}

constexpr std::uint32_t replacement_character = 0xfffd;

class annotation_reader {
public:
  explicit annotation_reader(std::string_view text) : rest_(text) {
    // nop
  }

  /// A value: its text, or nothing for null, arrays and objects. ok() says
  /// whether it was one.
  std::optional<std::string> value(std::size_t depth) {
    skip_space();
    if (rest_.starts_with('"'))
      return string();
    if (rest_.starts_with('{') || rest_.starts_with('[')) {
      container(depth);
      return std::nullopt;
    }
    return scalar();
  }

  /// Calls `f` with each name and value of an object.
  template <class F>
  void object(std::size_t depth, F f) {
    if (!take('{') || take('}'))
      return;
    do {
      skip_space();
      auto name = string();
      ok_ = ok_ && take(':');
      f(std::move(name), value(depth));
    } while (ok_ && take(','));
    ok_ = take('}') && ok_;
  }

  bool starts_object() {
    skip_space();
    return rest_.starts_with('{');
  }

  bool ends() {
    skip_space();
    return rest_.empty();
  }

  bool ok() const noexcept { return ok_; }

private:
  void skip_space() {
    rest_.remove_prefix(
        std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size()));
  }

  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c))
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  void container(std::size_t depth) {
    if (depth >= guard_limits::annotation_max_depth) {
      ok_ = false;
      return;
    }
    if (rest_.front() == '{') {
      object(depth + 1, [](const auto&, const auto&) {});
      return;
    }
    take('[');
    if (take(']'))
      return;
    do
      value(depth + 1);
    while (ok_ && take(','));
    ok_ = take(']') && ok_;
  }

  std::optional<std::string> scalar() {
    const auto word = rest_.substr(
        0, std::min(rest_.find_first_of(" \t\n\r,]}"), rest_.size()));
    rest_.remove_prefix(word.size());
    if (word == "null")
      return std::nullopt;
    ok_ = ok_ && (word == "true" || word == "false" || is_number(word));
    return std::string{word};
  }

  static bool is_number(std::string_view x) {
    const auto take_digits = [&x] {
      const auto n = std::min(x.find_first_not_of("0123456789"), x.size());
      x.remove_prefix(n);
      return n;
    };
    if (x.starts_with('-'))
      x.remove_prefix(1);
    const bool zero = x.starts_with('0');
    const auto whole = take_digits();
    if (whole == 0 || (zero && whole > 1))
      return false;
    if (x.starts_with('.')) {
      x.remove_prefix(1);
      if (take_digits() == 0)
        return false;
    }
    if (x.starts_with('e') || x.starts_with('E')) {
      x.remove_prefix(1);
      if (x.starts_with('+') || x.starts_with('-'))
        x.remove_prefix(1);
      if (take_digits() == 0)
        return false;
    }
    return x.empty();
  }

  std::string string() {
    std::string result;
    if (!rest_.starts_with('"')) {
      ok_ = false;
      return result;
    }
    rest_.remove_prefix(1);
    while (ok_) {
      if (rest_.empty() || static_cast<unsigned char>(rest_.front()) < 0x20) {
        ok_ = false;
        break;
      }
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"')
        break;
      if (c == '\\')
        escape(result);
      else
        result += c;
    }
    return result;
  }

  void escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = rest_.empty() ? '\0' : rest_.front();
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    if (c == 'u') {
      append_utf8(out, code_point());
      return;
    }
    const auto at = letters.find(c);
    ok_ = ok_ && c != '\0' && at != std::string_view::npos;
    if (ok_)
      out += meanings[at];
  }

  // Half of a pair alone becomes U+FFFD.
  std::uint32_t code_point() {
    const auto x = hex4();
    if (x < 0xd800 || x > 0xdfff)
      return x;
    if (x > 0xdbff || !rest_.starts_with("\\u"))
      return replacement_character;
    const auto before = rest_;
    rest_.remove_prefix(2);
    const auto low = hex4();
    if (low >= 0xdc00 && low <= 0xdfff)
      return 0x10000 + ((x - 0xd800) << 10) + (low - 0xdc00);
    rest_ = before;
    return replacement_character;
  }

  std::uint32_t hex4() {
    std::uint32_t result = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      const char c = rest_.empty() ? '\0' : rest_.front();
      const auto digit = digits.find(
          c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
      if (c == '\0' || digit == std::string_view::npos) {
        ok_ = false;
        return replacement_character;
      }
      result = result << 4 | static_cast<std::uint32_t>(digit);
      rest_.remove_prefix(1);
    }
    return result;
  }

  std::string_view rest_;
  bool ok_ = true;
};

} // namespace

std::optional<std::vector<std::pair<std::string, std::string>>>
parse_annotations(std::string_view text) {
  if (text.size() > guard_limits::annotations_max_bytes)
    return std::nullopt;
  std::vector<std::pair<std::string, std::string>> result;
  annotation_reader in(text);
  if (!in.starts_object())
    return std::nullopt;
  in.object(0, [&result](std::string name, std::optional<std::string> value) {
    if (!value || value->empty())
      return;
    const auto known =
        std::find_if(result.begin(), result.end(),
                     [&name](const auto& x) { return x.first == name; });
    if (known != result.end())
      known->second = std::move(*value);
    else
      result.emplace_back(std::move(name), std::move(*value));
  });
  if (!in.ok() || !in.ends())
    return std::nullopt;
  return result;
}

} // namespace clearance::protocol
