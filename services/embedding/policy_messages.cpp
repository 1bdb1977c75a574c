#include "services/embedding/policy_messages.hpp"

#include "protocol/text/utc.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace clearance::actors::embedding {

using protocol::policy_value;
using value_kind = policy_value::kind;

namespace {

/// What stands for a file's name in faults and rules.
constexpr std::string_view application_file = "application";

policy_value text_value(std::string text, std::size_t line) {
  policy_value result;
  result.type = value_kind::text;
  result.line = line;
  result.text = std::move(text);
  return result;
}

policy_value number_value(std::int64_t number, std::size_t line) {
  policy_value result;
  result.type = value_kind::integer;
  result.line = line;
  result.number = number;
  return result;
}

policy_value true_value(std::size_t line) {
  policy_value result;
  result.type = value_kind::boolean;
  result.line = line;
  result.truth = true;
  return result;
}

template <class List, class F>
policy_value list_value(const List& list, std::size_t line, F value) {
  policy_value result;
  result.type = value_kind::list;
  result.line = line;
  for (const auto& each : list)
    result.items.push_back(value(each, line));
  return result;
}

policy_value table_value(std::size_t line) {
  policy_value result;
  result.type = value_kind::table;
  result.line = line;
  return result;
}

// A text that is no date stays a text, which is then refused.
policy_value date_value(const std::string& text, std::size_t line) {
  constexpr std::size_t size = 10; // of YYYY-mm-dd
  auto result = text_value(text, line);
  if (text.size() != size || text[4] != '-' || text[7] != '-')
    return result;
  const auto time = protocol::parse_compact_utc(
      text.substr(0, 4) + text.substr(5, 2) + text.substr(8) + "T000000Z");
  if (!time)
    return result;
  result.type = value_kind::date;
  result.date = std::chrono::floor<std::chrono::days>(*time);
  return result;
}

policy_value table_of(const face::policy_rule& x, std::size_t line) {
  auto result = table_value(line);
  auto add = [&](std::string key, policy_value value) {
    result.members.push_back({std::move(key), line, std::move(value)});
  };
  add("name", text_value(x.name, line));
  add("why", text_value(x.why, line));
  if (!x.on.empty() || !x.every_container) {
    auto on = table_value(line);
    for (const auto& [key, pattern] : x.on)
      on.members.push_back({key, line, text_value(pattern, line)});
    add("on", std::move(on));
  }
  add("to", list_value(x.to, line, text_value));
  if (!x.ports.empty() || !x.every_port)
    add("ports", list_value(x.ports, line, number_value));
  add("action", text_value(x.action, line));
  if (!x.expires.empty())
    add("expires", date_value(x.expires, line));
  if (x.quiet)
    add("quiet", true_value(line));
  if (x.opens_everything)
    add("opens", text_value("everything", line));
  return result;
}

} // namespace

std::variant<protocol::policy_part, protocol::policy_fault>
read_own_rules(const face::policy_source& x,
               const protocol::public_suffix_test& is_public_suffix) {
  auto root = table_value(0);
  root.members.push_back({"version", 0, number_value(1, 0)});
  root.members.push_back({"default", 0, text_value(x.fallback, 0)});
  root.members.push_back({"unattended", 0, text_value(x.unattended, 0)});
  std::size_t line = 0;
  root.members.push_back(
      {"rule", 0, list_value(x.rules, 0, [&](const auto& rule, std::size_t) {
         return table_of(rule, ++line);
       })});
  return protocol::read_policy(application_file, root, is_public_suffix);
}

face::policy_fault to_face(const protocol::policy_fault& x) {
  return {x.file, static_cast<std::int64_t>(x.line), x.key, x.why};
}

face::policy_rule to_face(const protocol::policy_rule& x) {
  face::policy_rule result;
  result.name = x.name;
  result.why = x.why;
  result.on = x.on;
  result.every_container = x.on.empty();
  for (const auto& each : x.names)
    result.to.push_back(to_string(each));
  for (const auto& each : x.ranges)
    result.to.push_back(to_string(each));
  result.ports = x.ports;
  result.every_port = x.ports.empty();
  result.action = to_string(x.action);
  if (x.expires)
    result.expires = protocol::extended_utc(*x.expires).substr(0, 10);
  result.quiet = x.quiet;
  result.opens_everything = x.opens_everything;
  result.file = x.file;
  result.line = static_cast<std::int64_t>(x.line);
  return result;
}

bool is_empty(const face::policy_source& x) {
  return x.directories.empty() && x.texts.empty() && x.rules.empty()
         && x.fallback == "ask" && x.unattended == "queue";
}

} // namespace clearance::actors::embedding
