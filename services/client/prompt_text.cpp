#include "services/client/prompt_text.hpp"

#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"
#include "services/cli/terminal.hpp"

#include <chrono>

namespace clearance::services {

namespace {

using protocol::json_tree;

std::string text_in(const json_tree& x, std::string_view name) {
  const auto* member = x.find(name);
  return member == nullptr ? std::string{} : member->string().value_or("");
}

std::int64_t number_in(const json_tree& x, std::string_view name) {
  const auto* member = x.find(name);
  return member == nullptr ? 0 : member->integer().value_or(0);
}

std::string time_in(const json_tree& x, std::string_view name) {
  return protocol::extended_utc(std::chrono::sys_seconds{
      std::chrono::seconds{number_in(x, name) / 1'000'000}});
}

// The elements, with commas between them.
std::string list_in(const json_tree& x, std::string_view name) {
  std::string result;
  const auto* member = x.find(name);
  if (member == nullptr)
    return result;
  for (const auto& each : member->items)
    result += (result.empty() ? "" : ",") + shown(each.text);
  return result;
}

void put_field(std::string& out, std::string_view name,
               const std::string& value) {
  if (value.empty())
    return;
  out += ' ';
  out += name;
  out += '=';
  out += value;
}

std::string decide_command(const json_tree& x, std::string_view options) {
  return "terok-clearance decide " + shell_quoted(text_in(x, "id")) + " "
         + std::to_string(number_in(x, "revision")) + " allow"
         + std::string{options};
}

std::string shown_if(const std::string& text) {
  return text.empty() ? text : shown(text);
}

} // namespace

std::string socket_option(std::string_view socket,
                          std::string_view default_socket) {
  return socket == default_socket
             ? std::string{}
             : " --clearance-socket " + shell_quoted(socket);
}

std::string prompt_text(const json_tree& x, std::string_view socket,
                        std::string_view default_socket) {
  return prompt_text(x, socket_option(socket, default_socket));
}

std::string prompt_text(const json_tree& x, std::string_view options) {
  const auto state = text_in(x, "state");
  std::string result = shown(text_in(x, "id")) + " " + shown(state) + " "
                       + shown(text_in(x, "container")) + " "
                       + shown(text_in(x, "target"));
  put_field(result, "ports", list_in(x, "ports"));
  put_field(result, "addresses", list_in(x, "addresses"));
  if (auto more = number_in(x, "more_addresses"); more > 0)
    put_field(result, "more_addresses", std::to_string(more));
  put_field(result, "blocks", std::to_string(number_in(x, "count")));
  put_field(result, "first", time_in(x, "first_seen"));
  put_field(result, "last", time_in(x, "last_seen"));
  put_field(result, "flags", list_in(x, "flags"));
  put_field(result, "why", shown_if(text_in(x, "why")));
  put_field(result, "rule", shown_if(text_in(x, "rule")));
  if (const auto* quiet = x.find("quiet"); quiet && quiet->boolean() == true)
    result += " quiet";
  if (const auto* dossier = x.find("dossier"))
    for (const auto& [key, value] : dossier->members)
      put_field(result, "dossier." + shown(key), shown(value.text));
  result += '\n';
  if (const auto* made = x.find("decision"))
    result += "         " + decision_text(*made);
  if (state == "waiting") {
    result += "         " + protocol::escaped(text_in(x, "opens")) + "\n";
    result +=
        "         answer (allow or deny): " + decide_command(x, options) + "\n";
  }
  return result;
}

std::string decision_text(const json_tree& x) {
  std::string result = time_in(x, "at") + " " + shown(text_in(x, "action"))
                       + " " + shown(text_in(x, "result")) + " "
                       + shown(text_in(x, "container")) + " "
                       + shown(text_in(x, "target"));
  if (const auto* by = x.find("by")) {
    put_field(result, "by", shown_if(text_in(*by, "kind")));
    for (const char* name : {"uid", "pid"})
      if (by->find(name) != nullptr)
        put_field(result, name, std::to_string(number_in(*by, name)));
    put_field(result, "command", shown_if(text_in(*by, "command")));
    put_field(result, "name", shown_if(text_in(*by, "name")));
  }
  put_field(result, "rule", shown_if(text_in(x, "rule")));
  put_field(result, "reason", shown_if(text_in(x, "reason")));
  put_field(result, "error", shown_if(text_in(x, "error")));
  return result + '\n';
}

} // namespace clearance::services
