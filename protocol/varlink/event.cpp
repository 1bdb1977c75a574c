#include "protocol/varlink/event.hpp"

#include "protocol/json/keep_last.hpp"

#include <algorithm>
#include <charconv>

namespace clearance::protocol::varlink {

namespace {

using kind = json_item::kind;

std::optional<event_type> event_type_of(std::string_view word) noexcept {
  for (auto x : {event_type::connection_blocked, event_type::container_started,
                 event_type::container_exited, event_type::shield_up,
                 event_type::shield_down, event_type::shield_disengaged,
                 event_type::verdict_applied})
    if (word == to_string(x))
      return x;
  return std::nullopt;
}

} // namespace

bool event_notes::walk(json_reader& reader, json_reader::value& x) {
  notes_.fill({});
  dossier_.clear();
  json_item ignored;
  return reader.members(x, [&](std::string_view name, json_reader::value& y) {
    const auto* found = std::ranges::find(names, name);
    auto at = static_cast<std::size_t>(found - names.begin());
    if (at == dossier)
      return walk_dossier(reader, y);
    return reader.take(y, at == field_count ? ignored : notes_[at]);
  });
}

bool event_notes::walk_dossier(json_reader& reader, json_reader::value& x) {
  dossier_.clear();
  if (!json_reader::is_object(x))
    return reader.take(x, notes_[dossier]);
  notes_[dossier] = {kind::object, {}};
  return reader.members(x, [&](std::string_view name, json_reader::value& y) {
    return reader.take(y, dossier_.emplace_back(name, json_item{}).second);
  });
}

std::optional<event> event_notes::build() const {
  event result;
  auto known = notes_[type].type == kind::string
                   ? event_type_of(notes_[type].text)
                   : std::nullopt;
  if (!known)
    return std::nullopt;
  result.type = *known;
  bool typed = build(container, result.container)
               && build(request_id, result.request_id)
               && build(dest, result.dest) && build(port, result.port)
               && build(proto, result.proto) && build(domain, result.domain)
               && build(action, result.action) && build(ok, result.ok)
               && build(reason, result.reason) && build(result.dossier);
  if (!typed)
    return std::nullopt;
  return result;
}

bool event_notes::build(field from, std::string& to) const {
  const auto& x = notes_[from];
  if (x.type == kind::string)
    to = x.text;
  return x.type == kind::string || x.type == kind::null;
}

bool event_notes::build(field from, std::int64_t& to) const {
  return notes_[from].type == kind::null || read_integer(notes_[from], to);
}

bool event_notes::build(field from, bool& to) const {
  const auto& x = notes_[from];
  to = x.type == kind::boolean && x.text == "true";
  return x.type == kind::boolean || x.type == kind::null;
}

bool event_notes::build(protocol::dossier& to) const {
  const auto& x = notes_[dossier];
  if (x.type != kind::object && x.type != kind::null)
    return false;
  auto unique = dossier_;
  keep_last_of_each(unique, [](const auto& y) { return y.first; });
  to.reserve(unique.size());
  for (const auto& [name, value] : unique) {
    if (value.type != kind::string)
      return false;
    to.emplace_back(name, value.text);
  }
  return true;
}

bool read_integer(const json_item& x, std::int64_t& to) noexcept {
  if (x.type != kind::number)
    return false;
  const auto* end = x.text.data() + x.text.size();
  auto [ptr, failed] = std::from_chars(x.text.data(), end, to);
  return failed == std::errc{} && ptr == end;
}

} // namespace clearance::protocol::varlink
