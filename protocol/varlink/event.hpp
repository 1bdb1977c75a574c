/// Reads events, as clients do. For .cpp files only, like strict_json.hpp.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/json/strict_json.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol::varlink {

/// The fields of one event, as views into the message.
class event_notes {
public:
  /// Notes the fields of the object `x`, which may be in any order. Earlier
  /// notes are discarded. Returns false if the message is not JSON.
  bool walk(json_reader& reader, json_reader::value& x);

  /// Returns the event. Nothing if `type` is missing or unknown, or if a field
  /// has the wrong type. Other fields may be absent or null: then they are
  /// empty or zero.
  std::optional<event> build() const;

private:
  enum field : std::size_t {
    type,
    container,
    request_id,
    dest,
    port,
    proto,
    domain,
    action,
    ok,
    reason,
    dossier,
    field_count,
  };
  static constexpr std::array<std::string_view, field_count> names{
      "type",   "container", "request_id", "dest",   "port",   "proto",
      "domain", "action",    "ok",         "reason", "dossier"};

  using pairs = std::vector<std::pair<std::string_view, json_item>>;

  bool walk_dossier(json_reader& reader, json_reader::value& x);
  bool build(field from, std::string& to) const;
  bool build(field from, std::int64_t& to) const;
  bool build(field from, bool& to) const;
  bool build(protocol::dossier& to) const;

  std::array<json_item, field_count> notes_;
  pairs dossier_;
};

/// Sets `to` if `x` is a number without fraction and exponent that fits.
bool read_integer(const json_item& x, std::int64_t& to) noexcept;

} // namespace clearance::protocol::varlink
