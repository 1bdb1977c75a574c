/// One event as it is written on the wire, and the lines that cause it.
#pragma once

#include "test/support/wire/json.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::test {

/// The eleven fields of an event. Source: clearance.md, section 3.
struct wire_event {
  std::string type;
  std::string container;
  std::string request_id;
  std::string dest;
  std::int64_t port = 0;
  std::int64_t proto = 0;
  std::string domain;
  std::string action;
  bool ok = false;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> dossier;

  /// Reads a whole reply to `Subscribe`, without its NUL. Throws unless the
  /// reply is exactly one event with all its fields, in order and with the
  /// right types.
  static wire_event of_reply(std::string_view bytes);

  /// Reads only the object, with its fields in any order (the form of the
  /// vectors).
  static wire_event of_object(const json& object);

  friend bool operator==(const wire_event&, const wire_event&) = default;
};

std::string to_string(const wire_event& x);

inline std::ostream& operator<<(std::ostream& out, const wire_event& x) {
  return out << to_string(x);
}

/// One event on each line, so that a failed comparison shows the difference.
std::string to_string(const std::vector<wire_event>& events);

/// The block that most tests announce.
struct block {
  std::string container = "c1";
  std::string request_id = "c1:1";
  std::string dest = "203.0.113.7";
  std::string domain;
  std::int64_t port = 443;
  std::int64_t proto = 6;

  /// A reader's line, newline included.
  std::string line() const;

  /// The event that the line must cause.
  wire_event event() const;
};

/// A reader's line of a type with no fields of its own, newline included.
std::string plain_line(std::string_view type, std::string_view container);

/// The event that the line must cause.
wire_event plain_event(std::string_view type, std::string_view container);

} // namespace clearance::test
