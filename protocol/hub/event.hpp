/// The events that clients see, and how they are encoded on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// Source: clearance.md, sections 2 and 3.
enum class event_type {
  connection_blocked,
  container_started,
  container_exited,
  shield_up,
  shield_down,
  shield_disengaged,
  verdict_applied,
};

/// The word on the wire; a literal.
std::string_view to_string(event_type type) noexcept;

/// Keys and values in the order in which they arrived.
using dossier = std::vector<std::pair<std::string, std::string>>;

/// One event, sanitised. Fields that its type does not use are empty or zero.
template <class Text>
struct basic_event {
  event_type type = event_type::connection_blocked;
  Text container;
  Text request_id;
  Text dest;
  std::int64_t port = 0;
  std::int64_t proto = 0;
  Text domain;
  Text action;
  bool ok = false;
  Text reason;
  std::vector<std::pair<Text, Text>> dossier;

  /// Resets all fields but keeps the texts' memory.
  void clear() noexcept {
    type = event_type::connection_blocked;
    for (auto* text :
         {&container, &request_id, &dest, &domain, &action, &reason})
      text->clear();
    port = 0;
    proto = 0;
    ok = false;
    dossier.clear();
  }

  /// What a verdict must name: the domain if there is one, else the address.
  const Text& target() const noexcept { return domain.empty() ? dest : domain; }

  friend bool operator==(const basic_event&, const basic_event&) = default;
};

using event = basic_event<std::string>;

/// An event whose texts lie elsewhere.
using event_view = basic_event<std::string_view>;

/// Appends the event as one varlink reply to `Subscribe`, NUL included.
/// Shape: `{"continues":true,"parameters":{"event":{...}}}`, all eleven fields
/// in the declared order. Strings must be well-formed UTF-8.
void encode(const event& x, std::string& out);

/// The size of what encode() appends, if no string needs an escape; else
/// encode() appends more.
std::size_t encoded_size(const event& x);

/// Writes encoded_size(x) bytes: what encode() appends. False: a string needs
/// an escape, and what was written says nothing.
bool encode_plain(const event& x, char* to) noexcept;

/// Where texts begin in an encoded event, counted in bytes.
struct text_places {
  std::size_t container = 0;
  std::size_t request_id = 0;
  std::size_t dest = 0;
  std::size_t domain = 0;
};

/// What encode() appends for an event of which is known that no string needs an
/// escape.
std::size_t encoded_size(const event_view& x);
text_places encode_unescaped(const event_view& x, char* to) noexcept;

} // namespace clearance::protocol
