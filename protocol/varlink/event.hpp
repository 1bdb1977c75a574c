/// An event as clients read it. For .cpp files only, as strict_json.hpp is.
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

/// What one event's fields hold, as views into the message.
class event_notes {
public:
  /// Notes the fields of `x`, an object, in whatever order, instead of what was
  /// noted before. False if the message is no JSON.
  bool walk(json_reader& reader, json_reader::value& x);

  /// The event, whose fields are to be of their types. Those that are absent
  /// or null are empty or zero, but for `type`.
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

/// Whether `x` is a number without fraction and exponent that fits.
bool read_integer(const json_item& x, std::int64_t& to) noexcept;

} // namespace clearance::protocol::varlink
