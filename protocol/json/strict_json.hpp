/// JSON objects read wholly and strictly, in one pass over simdjson's On-Demand
/// API. For .cpp files only: simdjson takes two seconds to compile.
///
/// On-Demand keeps the order of members, the text of numbers and the last of
/// repeated keys to us, but validates only what is walked and trusts that what
/// looks like a number is one. So everything is walked here, ignored values
/// too, and scalars are judged here.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// A value, read and validated to its end.
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
  /// A string's text, else the value's source text. Valid until the reader's
  /// next document, while the document's bytes are.
  std::string_view text;
};

/// Whether `text` is a number of RFC 8259, section 6.
bool is_json_number(std::string_view text) noexcept;

/// The integer part of a JSON number, toward zero; nothing if it does not fit.
/// Exact: the digits are counted out, no double rounds them near 2^63.
std::optional<std::int64_t> integer_part(std::string_view number) noexcept;

/// Makes `out` the value that `token` is, all of it, if that is a number, true,
/// false or null.
bool scalar(std::string_view token, json_item& out) noexcept;

/// Reads one document after the other; keeps its memory between them.
class json_reader {
public:
  using value = simdjson::ondemand::value;

  /// Why a document was refused.
  enum class error : std::uint8_t {
    none,
    not_json,   ///< of any kind that is not below
    not_object, ///< does not begin with `{`
    too_deep,
    memory, ///< the parser could not grow
  };

  /// Objects and arrays may nest `max_depth` deep, the document included.
  explicit json_reader(std::size_t max_depth) noexcept;

  /// Calls `on_member(key, value)` for every member of the document's object,
  /// in order. It must pass the value to take() or members() and return what
  /// that returned; a false ends it all. `capacity` bytes from the document's
  /// first on are readable; fewer than size + simdjson's padding cost a copy.
  /// False if the document is refused; what was announced is void then.
  template <class OnMember>
  bool read(std::string_view document, std::size_t capacity,
            OnMember on_member) {
    error_ = error::none;
    simdjson::ondemand::object root;
    return start(document, capacity, root) && each(root, on_member) && at_end();
  }

  /// Reads a value of any type.
  bool take(value& x, json_item& out);

  /// Whether `x` is an object: one for members().
  static bool is_object(value& x) noexcept {
    return token_of(x).starts_with('{');
  }

  /// Calls `on_member(key, value)` as read() does, for the object `x`.
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
  std::string padded_;       // the document, when it had too little room
  std::string_view bytes_;   // the document
  bool has_escapes_ = false; // whether any string in it may need unescaping
  error error_ = error::none;
  std::size_t depth_ = 0;
  std::size_t max_depth_;
};

/// Words for a log line; a literal.
std::string_view to_string(json_reader::error x) noexcept;

} // namespace clearance::protocol
