#include "protocol/event.hpp"

#include "protocol/text.hpp"

#include <array>
#include <charconv>

namespace clearance::protocol {

namespace {

void append_int(std::string& out, std::int64_t x) {
  std::array<char, 20> digits; // "-9223372036854775808"
  auto result = std::to_chars(digits.begin(), digits.end(), x);
  out.append(digits.data(), result.ptr);
}

void append_object(std::string& out, const dossier& xs) {
  out.push_back('{');
  for (std::string_view separator; const auto& [key, value] : xs) {
    out.append(separator);
    append_json(out, key);
    out.push_back(':');
    append_json(out, value);
    separator = ",";
  }
  out.push_back('}');
}

/// Enough for every event whose strings need no escapes: 256 is more than the
/// names, the punctuation and two integers take.
std::size_t encoded_size(const event& x) {
  auto size = 256 + x.container.size() + x.request_id.size() + x.dest.size()
              + x.domain.size() + x.action.size() + x.reason.size();
  for (const auto& [key, value] : x.dossier)
    size += key.size() + value.size() + std::string_view{R"("":"",)"}.size();
  return size;
}

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

void event::clear() noexcept {
  type = event_type::connection_blocked;
  for (auto* text : {&container, &request_id, &dest, &domain, &action, &reason})
    text->clear();
  port = 0;
  proto = 0;
  ok = false;
  dossier.clear();
}

void encode(const event& x, std::string& out) {
  out.reserve(out.size() + encoded_size(x));
  auto field = [&](std::string_view name, const std::string& text) {
    out.append(name);
    append_json(out, text);
  };
  out.append(R"({"continues":true,"parameters":{"event":{"type":")");
  out.append(to_string(x.type)).push_back('"');
  field(R"(,"container":)", x.container);
  field(R"(,"request_id":)", x.request_id);
  field(R"(,"dest":)", x.dest);
  append_int(out.append(R"(,"port":)"), x.port);
  append_int(out.append(R"(,"proto":)"), x.proto);
  field(R"(,"domain":)", x.domain);
  field(R"(,"action":)", x.action);
  out.append(x.ok ? R"(,"ok":true)" : R"(,"ok":false)");
  field(R"(,"reason":)", x.reason);
  append_object(out.append(R"(,"dossier":)"), x.dossier);
  out.append("}}}").push_back('\0');
}

} // namespace clearance::protocol
