#include "protocol/hub/event.hpp"

#include "protocol/text/text.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <type_traits>

namespace clearance::protocol {

namespace {

/// The decimal digits of a number.
class decimal {
public:
  explicit decimal(std::int64_t x) noexcept
      : size_(static_cast<std::size_t>(
          std::to_chars(digits_.begin(), digits_.end(), x).ptr
          - digits_.data())) {
    // nop
  }

  std::string_view text() const noexcept { return {digits_.data(), size_}; }

private:
  std::array<char, 20> digits_; // "-9223372036854775808"
  std::size_t size_;
};

/// Writes the event to a sink, piece by piece: JSON text as it is, and strings.
template <class Text, class Sink>
[[gnu::always_inline]] inline void
write_event(const basic_event<Text>& x, std::string_view port,
            std::string_view proto, Sink& to) {
  to.put(R"({"continues":true,"parameters":{"event":{"type":")");
  to.put(to_string(x.type));
  to.put(R"(","container":)");
  to.text(x.container);
  to.put(R"(,"request_id":)");
  to.text(x.request_id);
  to.put(R"(,"dest":)");
  to.text(x.dest);
  to.put(R"(,"port":)");
  to.put(port);
  to.put(R"(,"proto":)");
  to.put(proto);
  to.put(R"(,"domain":)");
  to.text(x.domain);
  to.put(R"(,"action":)");
  to.text(x.action);
  to.put(x.ok ? R"(,"ok":true,"reason":)" : R"(,"ok":false,"reason":)");
  to.text(x.reason);
  to.put(R"(,"dossier":{)");
  for (std::string_view separator; const auto& [key, value] : x.dossier) {
    to.put(separator);
    to.text(key);
    to.put(":");
    to.text(value);
    separator = ",";
  }
  to.put(std::string_view{"}}}}\0", 5});
}

/// Counts the size that the event has if no string needs an escape.
struct size_sink {
  std::size_t size = 0;

  void put(std::string_view json) noexcept { size += json.size(); }
  void text(std::string_view x) noexcept { size += x.size() + 2; }
};

/// Copies a text, nearly always a short one: an event has a dozen of them.
void copy_short(std::string_view x, char* to) noexcept {
  const auto* from = x.data();
  const auto size = x.size();
  // Its first and its last bytes, which may overlap.
  const auto ends = [&]<std::size_t n>(std::integral_constant<std::size_t, n>) {
    std::memcpy(to, from, n);
    std::memcpy(to + size - n, from + size - n, n);
  };
  if (size > 32)
    std::memcpy(to, from, size);
  else if (size >= 16)
    ends(std::integral_constant<std::size_t, 16>{});
  else if (size >= 8)
    ends(std::integral_constant<std::size_t, 8>{});
  else if (size >= 4)
    ends(std::integral_constant<std::size_t, 4>{});
  else if (size >= 2)
    ends(std::integral_constant<std::size_t, 2>{});
  else if (size == 1)
    *to = *from;
}

/// Writes without escapes into memory that is large enough. Where the next byte
/// belongs is to be kept in a register: each piece waits for the one before if
/// it is read from memory. So these functions are never called, but inlined.
struct raw_sink {
  char* to;

  // The size of a literal is known when this is compiled.
  template <std::size_t n>
  [[gnu::always_inline]] void put(const char (&json)[n]) noexcept {
    std::memcpy(to, json, n - 1);
    to += n - 1;
  }
  [[gnu::always_inline]] void put(std::string_view json) noexcept {
    copy_short(json, to);
    to += json.size();
  }
  [[gnu::always_inline]] void text(std::string_view x) noexcept {
    *to++ = '"';
    put(x);
    *to++ = '"';
  }
};

/// The same, and notes where the first texts begin.
struct noting_sink : raw_sink {
  const char* begin;
  std::array<std::size_t, 4> places{};
  std::size_t texts = 0;

  [[gnu::always_inline]] void text(std::string_view x) noexcept {
    if (texts < places.size())
      places[texts++] = static_cast<std::size_t>(to + 1 - begin);
    raw_sink::text(x);
  }
};

/// As raw_sink, and finds out whether that was right.
struct plain_sink : raw_sink {
  // no string needed an escape so far; else the result is void
  bool plain = true;

  [[gnu::always_inline]] void text(std::string_view x) noexcept {
    plain = plain && is_plain_json(x);
    raw_sink::text(x);
  }
};

struct escaping_sink {
  std::string& to;

  void put(std::string_view json) { to.append(json); }
  void text(std::string_view x) { append_json(to, x); }
};

} // namespace

std::string_view to_string(event_type type) noexcept {
  switch (type) {
  case event_type::connection_blocked:
    return "connection_blocked";
  case event_type::container_started:
    return "container_started";
  case event_type::container_exited:
    return "container_exited";
  case event_type::shield_up:
    return "shield_up";
  case event_type::shield_down:
    return "shield_down";
  case event_type::shield_disengaged:
    return "shield_disengaged";
  case event_type::verdict_applied:
    return "verdict_applied";
  }
  return ""; // no event_type is here
}

namespace {

template <class Text>
std::size_t size_of_encoded(const basic_event<Text>& x) {
  size_sink result;
  write_event(x, decimal{x.port}.text(), decimal{x.proto}.text(), result);
  return result.size;
}

} // namespace

std::size_t encoded_size(const event& x) {
  return size_of_encoded(x);
}

std::size_t encoded_size(const event_view& x) {
  return size_of_encoded(x);
}

text_places encode_unescaped(const event_view& x, char* to) noexcept {
  noting_sink noting{{to}, to};
  write_event(x, decimal{x.port}.text(), decimal{x.proto}.text(), noting);
  const auto& [container, request_id, dest, domain] = noting.places;
  return {container, request_id, dest, domain};
}

bool encode_plain(const event& x, char* to) noexcept {
  plain_sink plain{{to}};
  write_event(x, decimal{x.port}.text(), decimal{x.proto}.text(), plain);
  return plain.plain;
}

// Written a second time only if a string needs an escape.
void encode(const event& x, std::string& out) {
  const auto before = out.size();
  out.resize(before + encoded_size(x));
  if (encode_plain(x, out.data() + before))
    return;
  out.resize(before);
  escaping_sink escaping{out};
  write_event(x, decimal{x.port}.text(), decimal{x.proto}.text(), escaping);
}

} // namespace clearance::protocol
