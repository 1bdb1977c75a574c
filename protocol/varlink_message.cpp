#include "protocol/json_message.hpp"
#include "protocol/varlink.hpp"

#include <array>
#include <cstdint>

// What we read: calls, replies and the events in them.

namespace clearance::protocol::varlink {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

/// The last value of one top-level key, if any.
using member = std::optional<element>;

parameter read_parameter(std::string_view name, element value) {
  using kind = parameter::kind;
  std::string_view text;
  std::int64_t number = 0;
  bool truth = false;
  if (value.get(text) == simdjson::SUCCESS)
    return {std::string{name}, kind::string, std::string{text}};
  if (value.get(truth) == simdjson::SUCCESS)
    return {std::string{name}, kind::boolean, truth ? "true" : "false"};
  if (value.get(number) == simdjson::SUCCESS)
    return {std::string{name}, kind::integer, std::to_string(number)};
  return {std::string{name}, value.is_null() ? kind::null : kind::other, {}};
}

/// False if there is a value and it is no object and not null.
bool read_parameters(const member& value, std::vector<parameter>& out) {
  if (!value || value->is_null())
    return true;
  object fields;
  if (value->get(fields) != simdjson::SUCCESS)
    return false;
  out.reserve(fields.size());
  for (auto [name, x] : fields)
    out.push_back(read_parameter(name, x));
  keep_last_of_each(
      out, [](const parameter& x) -> std::string_view { return x.name; });
  return true;
}

/// False if there is a value and it is no boolean.
bool read_flag(const member& value, bool& out) {
  return !value || value->get(out) == simdjson::SUCCESS;
}

bool is_qualified(std::string_view method) {
  auto dot = method.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < method.size();
}

bool read(element from, std::string& to) {
  std::string_view text;
  if (from.get(text) != simdjson::SUCCESS)
    return false;
  to = text;
  return true;
}

bool read(element from, std::int64_t& to) {
  return from.get(to) == simdjson::SUCCESS;
}

bool read(element from, bool& to) {
  return from.get(to) == simdjson::SUCCESS;
}

bool read(element from, event_type& to) {
  std::string_view word;
  if (from.get(word) != simdjson::SUCCESS)
    return false;
  for (auto x : {event_type::connection_blocked, event_type::container_started,
                 event_type::container_exited, event_type::shield_up,
                 event_type::shield_down, event_type::shield_disengaged,
                 event_type::verdict_applied})
    if (word == to_string(x)) {
      to = x;
      return true;
    }
  return false;
}

bool read(element from, dossier& to) {
  object fields;
  if (from.get(fields) != simdjson::SUCCESS)
    return false;
  to.clear();
  to.reserve(fields.size());
  for (auto [name, value] : fields) {
    auto& [key, text] = to.emplace_back();
    key = name;
    if (!read(value, text))
      return false;
  }
  keep_last_of_each(to,
                    [](const auto& x) -> std::string_view { return x.first; });
  return true;
}

bool read_field(std::string_view name, element value, event& to) {
  if (name == "type")
    return read(value, to.type);
  if (name == "container")
    return read(value, to.container);
  if (name == "request_id")
    return read(value, to.request_id);
  if (name == "dest")
    return read(value, to.dest);
  if (name == "port")
    return read(value, to.port);
  if (name == "proto")
    return read(value, to.proto);
  if (name == "domain")
    return read(value, to.domain);
  if (name == "action")
    return read(value, to.action);
  if (name == "ok")
    return read(value, to.ok);
  if (name == "reason")
    return read(value, to.reason);
  if (name == "dossier")
    return read(value, to.dossier);
  return true;
}

/// `value` is `parameters`, judged already.
std::optional<event> read_event(const member& value) {
  object fields;
  if (!value || value->get(fields) != simdjson::SUCCESS)
    return std::nullopt;
  object inner;
  bool found = false;
  for (auto [name, x] : fields)
    if (name == "event")
      found = x.get(inner) == simdjson::SUCCESS;
  if (!found)
    return std::nullopt;
  event result;
  bool typed = false;
  for (auto [name, x] : inner) {
    if (!read_field(name, x, result))
      return std::nullopt;
    typed = typed || name == "type";
  }
  if (!typed)
    return std::nullopt;
  return result;
}

} // namespace

std::variant<call, malformed> parse_call(std::string_view message,
                                         std::size_t capacity) {
  json_message json{message, capacity};
  if (!json.object())
    return malformed{json.why()};
  // All keys first: of a repeated one only the last value is judged.
  member method, parameters, more, oneway, upgrade;
  for (auto [name, value] : *json.object())
    for (auto [known, to] :
         {std::pair{"method", &method}, std::pair{"parameters", &parameters},
          std::pair{"more", &more}, std::pair{"oneway", &oneway},
          std::pair{"upgrade", &upgrade}})
      if (name == known)
        *to = value;
  call result;
  if (!method)
    return malformed{"no method"};
  if (!read(*method, result.method))
    return malformed{"method is no string"};
  if (!is_qualified(result.method))
    return malformed{"method is not qualified"};
  if (!read_parameters(parameters, result.parameters))
    return malformed{"parameters are no object"};
  if (!read_flag(more, result.more))
    return malformed{"more is no boolean"};
  if (!read_flag(oneway, result.oneway))
    return malformed{"oneway is no boolean"};
  if (!read_flag(upgrade, result.upgrade))
    return malformed{"upgrade is no boolean"};
  return result;
}

std::variant<reply, malformed> parse_reply(std::string_view message,
                                           std::size_t capacity) {
  json_message json{message, capacity};
  if (!json.object())
    return malformed{json.why()};
  member error, parameters, continues;
  for (auto [name, value] : *json.object())
    for (auto [known, to] :
         {std::pair{"error", &error}, std::pair{"parameters", &parameters},
          std::pair{"continues", &continues}})
      if (name == known)
        *to = value;
  reply result;
  if (error && !error->is_null() && !read(*error, result.error))
    return malformed{"error is no string"};
  if (!read_flag(continues, result.continues))
    return malformed{"continues is no boolean"};
  if (!read_parameters(parameters, result.parameters))
    return malformed{"parameters are no object"};
  result.notification = read_event(parameters);
  return result;
}

} // namespace clearance::protocol::varlink
