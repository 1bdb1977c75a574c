#include "test/support/wire/wire_event.hpp"

#include <array>
#include <stdexcept>

namespace clearance::test {

namespace {

constexpr std::array<std::string_view, 11> field_names{
    "type",   "container", "request_id", "dest",   "port",    "proto",
    "domain", "action",    "ok",         "reason", "dossier",
};

} // namespace

wire_event wire_event::of_object(const json& object) {
  wire_event result;
  result.type = object["type"].text();
  result.container = object["container"].text();
  result.request_id = object["request_id"].text();
  result.dest = object["dest"].text();
  result.port = object["port"].as<std::int64_t>();
  result.proto = object["proto"].as<std::int64_t>();
  result.domain = object["domain"].text();
  result.action = object["action"].text();
  result.ok = object["ok"].as<bool>();
  result.reason = object["reason"].text();
  for (const auto& [key, value] : object["dossier"].members())
    result.dossier.emplace_back(key, value.text());
  return result;
}

wire_event wire_event::of_reply(std::string_view bytes) {
  auto require = [&](bool fine, const char* what) {
    if (!fine)
      throw std::runtime_error(std::string(what) + ": " + std::string(bytes));
  };
  const auto reply = json::parse(bytes);
  require(reply.members().size() == 2, "not two members");
  require(reply["continues"] == json::parse("true"), "continues is not true");
  require(reply["parameters"].members().size() == 1, "not only an event");
  const auto& event = reply["parameters"]["event"];
  require(event.members().size() == field_names.size(), "not eleven fields");
  for (std::size_t i = 0; i < field_names.size(); ++i)
    require(event.members()[i].first == field_names[i], "wrong order");
  return of_object(event);
}

std::string to_string(const wire_event& x) {
  auto result =
      "{" + x.type + " container=" + json_string(x.container)
      + " request_id=" + json_string(x.request_id)
      + " dest=" + json_string(x.dest) + " port=" + std::to_string(x.port)
      + " proto=" + std::to_string(x.proto) + " domain=" + json_string(x.domain)
      + " action=" + json_string(x.action) + " ok=" + (x.ok ? "true" : "false")
      + " reason=" + json_string(x.reason) + " dossier={";
  for (const auto& [key, value] : x.dossier)
    result += json_string(key) + ":" + json_string(value) + " ";
  return result + "}}";
}

std::string to_string(const std::vector<wire_event>& events) {
  std::string result;
  for (const auto& event : events)
    result += to_string(event) + "\n";
  return result;
}

std::string block::line() const {
  auto result = R"({"type":"pending","container":)" + json_string(container)
                + R"(,"id":)" + json_string(request_id) + R"(,"dest":)"
                + json_string(dest) + R"(,"port":)" + std::to_string(port)
                + R"(,"proto":)" + std::to_string(proto);
  if (!domain.empty())
    result += R"(,"domain":)" + json_string(domain);
  return result + "}\n";
}

wire_event block::event() const {
  wire_event result;
  result.type = "connection_blocked";
  result.container = container;
  result.request_id = request_id;
  result.dest = dest;
  result.port = port;
  result.proto = proto;
  result.domain = domain;
  return result;
}

std::string plain_line(std::string_view type, std::string_view container) {
  return R"({"type":)" + json_string(type) + R"(,"container":)"
         + json_string(container) + "}\n";
}

wire_event plain_event(std::string_view type, std::string_view container) {
  wire_event result;
  result.type = type;
  result.container = container;
  return result;
}

} // namespace clearance::test
