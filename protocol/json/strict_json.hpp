/// Reads JSON objects completely and strictly, in one pass, with simdjson's
/// On-Demand API. For .cpp files only: simdjson takes two seconds to compile.
///
/// On-Demand gives us members in their order, the source text of numbers, and
/// all of several members with the same key. But it validates only the values
/// that are walked, and takes everything that begins like a number for one. So
/// this reader walks every value, also those that nobody needs, and validates
/// numbers, true, false and null itself.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// A value that was read to its end and is valid.
struct json_item {
  enum class kind : std::uint8_t {
    null,
    boolean,
    number,
    string,
    array,
    object,
  };

  kind type = kind::null;
  /// The text of a string, or the source text of any other value. Valid until
  /// the reader reads its next document, and while the document's bytes live.
  std::string_view text;
};

/// Whether `text` is a number as RFC 8259, section 6 defines it.
bool is_json_number(std::string_view text) noexcept;

/// The integer part of a JSON number, rounded toward zero; nothing if it does
/// not fit. Exact also near 2^63, because it is computed from the digits and
/// not by way of a double.
std::optional<std::int64_t> integer_part(std::string_view number) noexcept;

/// Sets `out` if all of `token` is a number, true, false or null; else returns
/// false.
bool scalar(std::string_view token, json_item& out) noexcept;

/// Reads one document after another and keeps its memory between them.
class json_reader {
public:
  using value = simdjson::ondemand::value;

  /// Why a document was refused.
  enum class error : std::uint8_t {
    none,
    not_json,   ///< all errors that are not listed below
    not_object, ///< the document does not begin with `{`
    too_deep,
    memory, ///< there is no memory for the parser
  };

  /// Objects and arrays may be nested `max_depth` deep, the document's own
  /// object included.
  explicit json_reader(std::size_t max_depth) noexcept;

  /// Calls `on_member(key, value)` for every member of the document's object,
  /// in order. `on_member` must pass the value to take() or members() and
  /// return their result; false ends the reading. `capacity` bytes can be read
  /// from the document's first byte on; if that is less than its size and
  /// simdjson's padding, the document is copied. Returns false if the document
  /// is refused: then discard what `on_member` was given.
  template <class OnMember>
  bool read(std::string_view document, std::size_t capacity,
            OnMember on_member) {
    error_ = error::none;
    simdjson::ondemand::object root;
    return start(document, capacity, root) && each(root, on_member) && at_end();
  }

  /// Reads a value of any type.
  bool take(value& x, json_item& out);

  /// Whether `x` is an object, which members() can read.
  static bool is_object(value& x) noexcept {
    return token_of(x).starts_with('{');
  }

  /// Whether `x` is an array, which items() can read.
  static bool is_array(value& x) noexcept {
    return token_of(x).starts_with('[');
  }

  /// Calls `on_item(value)` for every element of the array `x`, like read().
  template <class OnItem>
  bool items(value& x, OnItem on_item) {
    simdjson::ondemand::array array;
    if (!enter() || x.get_array().get(array) != simdjson::SUCCESS)
      return refuse(error::not_json);
    for (auto result : array) {
      value item;
      if (result.get(item) != simdjson::SUCCESS || !on_item(item))
        return refuse(error::not_json);
    }
    return leave(x);
  }

  /// Calls `on_member(key, value)` for every member of the object `x`, like
  /// read().
  template <class OnMember>
  bool members(value& x, OnMember on_member) {
    simdjson::ondemand::object object;
    if (!enter() || x.get_object().get(object) != simdjson::SUCCESS)
      return refuse(error::not_json);
    return each(object, on_member) && leave(x);
  }

  /// Why the last document was refused.
  error why() const noexcept { return error_; }

private:
  template <class OnMember>
  bool each(simdjson::ondemand::object& object, OnMember& on_member) {
    for (auto result : object) {
      simdjson::ondemand::field field;
      std::string_view key;
      if (std::move(result).get(field) != simdjson::SUCCESS
          || !key_of(field, key))
        return refuse(error::not_json);
      if (!on_member(key, field.value()))
        return refuse(error::not_json);
    }
    return true;
  }

  bool start(std::string_view document, std::size_t capacity,
             simdjson::ondemand::object& root);
  bool at_end();
  bool enter() noexcept;
  bool leave(value& x) noexcept;
  bool refuse(error why) noexcept;
  bool key_of(simdjson::ondemand::field& field, std::string_view& key);
  bool string(value& x, std::string_view token, std::string_view& out);
  bool elements(value& x);
  std::string_view plain(const char* begin) const noexcept;
  static std::string_view token_of(value& x) noexcept;

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  // a copy of the document, if too little padding followed it
  std::string padded_;
  std::string_view bytes_;   // the document
  bool has_escapes_ = false; // whether a backslash is in it
  error error_ = error::none;
  std::size_t depth_ = 0;
  std::size_t max_depth_;
};

/// A text for log lines; a literal.
std::string_view to_string(json_reader::error x) noexcept;

} // namespace clearance::protocol
