#include "protocol/json/strict_json.hpp"

#include "protocol/base/framing.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace clearance::protocol {

namespace {

using simdjson::SUCCESS;

using kind = json_item::kind;

static_assert(frame_batch::padding >= simdjson::SIMDJSON_PADDING);

constexpr bool is_json_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// The smallest capacity of the parser. With a smaller one the parser would
/// grow again for each document that is a little larger.
constexpr std::size_t capacity_min_bytes = 1024;

std::string_view without_trailing_space(std::string_view text) noexcept {
  while (!text.empty() && is_json_space(text.back()))
    text.remove_suffix(1);
  return text;
}

} // namespace

std::string_view to_string(json_reader::error x) noexcept {
  switch (x) {
  case json_reader::error::none:
    break;
  case json_reader::error::not_json:
    return "not JSON";
  case json_reader::error::not_object:
    return "not a JSON object";
  case json_reader::error::too_deep:
    return "nested too deep";
  case json_reader::error::memory:
    return "no memory to parse it";
  }
  return "";
}

bool scalar(std::string_view token, json_item& out) noexcept {
  if (token.empty())
    return false;
  switch (token.front()) {
  case 't':
    out = {kind::boolean, token};
    return token == "true";
  case 'f':
    out = {kind::boolean, token};
    return token == "false";
  case 'n':
    out = {kind::null, token};
    return token == "null";
  default:
    out = {kind::number, token};
    return is_json_number(token);
  }
}

json_reader::json_reader(std::size_t max_depth) noexcept
    : max_depth_(max_depth) {
  // nop
}

bool json_reader::start(std::string_view document, std::size_t capacity,
                        simdjson::ondemand::object& root) {
  auto first = std::ranges::find_if_not(document, is_json_space);
  if (first == document.end() || *first != '{')
    return refuse(error::not_object);
  if (capacity < document.size() + simdjson::SIMDJSON_PADDING) {
    capacity = document.size() + simdjson::SIMDJSON_PADDING;
    padded_.reserve(capacity);
    padded_.assign(document).resize(capacity);
    document = std::string_view{padded_}.substr(0, document.size());
  }
  bytes_ = document;
  has_escapes_ = document.find('\\') != std::string_view::npos;
  depth_ = 0;
  if (document.size() > parser_.capacity()) {
    auto room = std::bit_ceil(std::max(document.size(), capacity_min_bytes));
    if (parser_.allocate(room) != SUCCESS)
      return refuse(error::memory);
  }
  if (parser_.iterate(document.data(), document.size(), capacity).get(document_)
      != SUCCESS)
    return refuse(error::not_json);
  if (!enter() || document_.get_object().get(root) != SUCCESS)
    return refuse(error::not_json);
  return true;
}

bool json_reader::at_end() {
  if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return refuse(error::not_json);
  return true;
}

bool json_reader::enter() noexcept {
  return ++depth_ <= max_depth_ || refuse(error::too_deep);
}

/// If the document's last brace has already closed an inner object or array,
/// On-Demand goes on reading behind the document.
bool json_reader::leave(value& x) noexcept {
  --depth_;
  return x.current_location().error() == SUCCESS || refuse(error::not_json);
}

/// Keeps the first error.
bool json_reader::refuse(error why) noexcept {
  if (error_ == error::none)
    error_ = why;
  return false;
}

bool json_reader::key_of(simdjson::ondemand::field& field,
                         std::string_view& key) {
  if (has_escapes_)
    return field.unescaped_key().get(key) == SUCCESS;
  key = plain(field.key().raw());
  return true;
}

/// The string that begins at `begin`, in a document without any backslash.
std::string_view json_reader::plain(const char* begin) const noexcept {
  auto left = static_cast<std::size_t>(bytes_.data() + bytes_.size() - begin);
  // There is an end: simdjson's stage 1 refused the document if a string is not
  // closed.
  const auto* end = static_cast<const char*>(std::memchr(begin, '"', left));
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view json_reader::token_of(value& x) noexcept {
  return without_trailing_space(x.raw_json_token());
}

/// `token` is the whole string: an On-Demand token reaches to the beginning of
/// the next one, and stage 1 refused the document if a string is not closed.
bool json_reader::string(value& x, std::string_view token,
                         std::string_view& out) {
  if (has_escapes_)
    return x.get_string().get(out) == SUCCESS || refuse(error::not_json);
  simdjson::ondemand::raw_json_string raw;
  if (x.get_raw_json_string().get(raw) != SUCCESS)
    return refuse(error::not_json);
  out = token.substr(1, token.size() - 2);
  return true;
}

bool json_reader::elements(value& x) {
  json_item ignored;
  return items(x, [&](value& element) { return take(element, ignored); });
}

bool json_reader::take(value& x, json_item& out) {
  auto token = token_of(x);
  auto container = [&](kind type, bool valid) {
    if (!valid)
      return false;
    const auto* end = x.current_location().value_unsafe();
    auto size = static_cast<std::size_t>(end - token.data());
    out = {type, without_trailing_space({token.data(), size})};
    return true;
  };
  switch (token.front()) {
  case '"':
    out.type = kind::string;
    return string(x, token, out.text);
  case '{': {
    json_item ignored;
    return container(kind::object,
                     members(x, [&](std::string_view, value& member) {
                       return take(member, ignored);
                     }));
  }
  case '[':
    return container(kind::array, elements(x));
  default:
    return scalar(token, out) || refuse(error::not_json);
  }
}

} // namespace clearance::protocol
