#include "protocol/json_message.hpp"

#include "protocol/framing.hpp"
#include "protocol/limits.hpp"

#include <charconv>
#include <cstdint>

// simdjson's DOM parser judges everything we need: it walks the whole message,
// checks UTF-8, structure, depth and what follows. It is stricter than JSON in
// one place: a number that fits no machine type fails the message. Such a
// number is JSON (RFC 8259, section 6, leaves ranges to the reader), and none
// that we take is one; so it is replaced by a small fraction, in a copy, and
// judged like any other value of the wrong type.

namespace clearance::protocol {

namespace {

// Takes memory of 14 times the message; a usual call has 200 bytes.
constexpr std::size_t shared_parser_max_bytes = 4096;

simdjson::dom::parser& shared_parser() {
  thread_local simdjson::dom::parser result;
  return result;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at]))
    ++at;
  return at;
}

/// The length of the JSON number that `text` begins with; 0 if there is none.
/// Source: RFC 8259, section 6.
std::size_t number_size(std::string_view text) {
  auto begin = std::size_t{text.starts_with('-')};
  auto at = skip_digits(text, begin);
  if (at == begin || (text[begin] == '0' && at > begin + 1))
    return 0;
  if (at < text.size() && text[at] == '.') {
    auto end = skip_digits(text, at + 1);
    if (end == at + 1)
      return 0;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-'))
      ++at;
    auto end = skip_digits(text, at);
    if (end == at)
      return 0;
    at = end;
  }
  return at;
}

/// The end of the string that begins at `at`, behind its closing quote.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\')
      ++at;
  return at + 1;
}

/// Makes `0.0` of every number that is no 64-bit integer. The shortest number
/// that simdjson refuses has five characters (1e999); shorter ones stay.
void shrink_numbers(std::string& text) {
  constexpr std::string_view small = "0.0";
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = skip_string(text, at);
      continue;
    }
    auto rest = std::string_view{text}.substr(at);
    auto size = text[at] == '-' || is_digit(text[at]) ? number_size(rest) : 0;
    if (size == 0) {
      // Not a digit further on: `01` must stay as wrong as it is.
      auto next = rest.find_first_not_of("-+.0123456789eE");
      at += next == 0 ? 1 : std::min(next, rest.size());
      continue;
    }
    std::int64_t value = 0;
    auto [end, failed] =
        std::from_chars(rest.data(), rest.data() + size, value);
    bool fits = failed == std::errc{} && end == rest.data() + size;
    if (!fits && size > small.size()) {
      text.replace(at, size, size, ' ');
      text.replace(at, small.size(), small);
    }
    at += size;
  }
}

} // namespace

json_message::json_message(std::string_view text, std::size_t capacity) {
  simdjson::dom::element top;
  auto failed = parse(text, capacity, top);
  if (failed == simdjson::NUMBER_ERROR) {
    std::string copy{text};
    shrink_numbers(copy);
    failed = parse(copy, 0, top);
  }
  simdjson::dom::object object;
  if (failed == simdjson::DEPTH_ERROR)
    why_ = "nested too deeply";
  else if (failed == simdjson::UTF8_ERROR)
    why_ = "not UTF-8";
  else if (failed != simdjson::SUCCESS)
    why_ = "not JSON";
  else if (top.get(object) != simdjson::SUCCESS)
    why_ = "not an object";
  else
    object_ = object;
}

json_message::~json_message() = default;

simdjson::error_code json_message::parse(std::string_view text,
                                         std::size_t capacity,
                                         simdjson::dom::element& out) {
  static_assert(frame_batch::padding >= simdjson::SIMDJSON_PADDING);
  if (capacity < text.size() + simdjson::SIMDJSON_PADDING) {
    copy_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    copy_.assign(text);
    text = copy_;
  }
  bool shared = text.size() <= shared_parser_max_bytes;
  auto& parser = shared ? shared_parser() : own_.emplace();
  auto needed = shared ? shared_parser_max_bytes : text.size();
  // Left to itself the parser takes what it needs, and its own depth.
  if (parser.capacity() < needed) {
    auto failed = parser.allocate(needed, limits::varlink_nesting_max_depth);
    if (failed != simdjson::SUCCESS)
      return failed;
  }
  return parser.parse(text.data(), text.size(), false).get(out);
}

} // namespace clearance::protocol
