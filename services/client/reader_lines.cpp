#include "services/client/reader_lines.hpp"

#include "protocol/text/text.hpp"

#include <random>

namespace clearance::services {

namespace {

/// Characters of a container's id that people use.
constexpr std::size_t short_id_chars = 12;

void append_member(std::string& out, std::string_view key,
                   std::string_view value) {
  out += out.back() == '{' ? "" : ",";
  protocol::append_json(out, key);
  out += ':';
  protocol::append_json(out, value);
}

void append_member(std::string& out, std::string_view key, std::int64_t value) {
  out += ',';
  protocol::append_json(out, key);
  out += ':' + std::to_string(value);
}

} // namespace

void append_line(std::string& out, const emit_line& x) {
  out += '{';
  append_member(out, "type", x.type);
  append_member(out, "container", x.container);
  if (x.type == "connection_blocked") {
    append_member(out, "id", x.request_id);
    append_member(out, "dest", x.dest);
    append_member(out, "port", x.port);
    append_member(out, "proto", x.proto);
    if (!x.domain.empty())
      append_member(out, "domain", x.domain);
  }
  if (!x.reason.empty())
    append_member(out, "reason", x.reason);
  if (!x.dossier.empty()) {
    out += ",\"dossier\":{";
    for (const auto& [key, value] : x.dossier)
      append_member(out, key, value);
    out += '}';
  }
  out += "}\n";
}

std::string make_request_id(const std::string& container) {
  std::random_device random;
  return container.substr(0, short_id_chars) + ":" + std::to_string(random());
}

} // namespace clearance::services
