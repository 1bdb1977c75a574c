#include "protocol/operator/encode.hpp"

#include "protocol/operator/json_members.hpp"

#include <algorithm>

namespace clearance::protocol {

namespace {

void append_text(std::string& out, std::string_view x) {
  append_json(out, x);
}

void append_number(std::string& out, std::int64_t x) {
  out += std::to_string(x);
}

// `YYYY-mm-dd`.
std::string text_of_day(std::chrono::sys_days x) {
  const std::chrono::year_month_day day{x};
  auto digits = [](unsigned n, std::size_t size) {
    auto text = std::to_string(n);
    return std::string(size - std::min(size, text.size()), '0') + text;
  };
  return digits(static_cast<unsigned>(static_cast<int>(day.year())), 4) + "-"
         + digits(static_cast<unsigned>(day.month()), 2) + "-"
         + digits(static_cast<unsigned>(day.day()), 2);
}

} // namespace

void append_decider(std::string& out, const decider& x) {
  json_members to{out};
  to.text("kind", to_string(x.what));
  to.number_if("uid", x.uid);
  to.number_if("pid", x.pid);
  to.text_if("command", x.command);
  to.text_if("name", x.name);
}

void append_decision(std::string& out, const decision& x) {
  json_members to{out};
  to.count("seq", x.seq);
  to.text("prompt", x.prompt);
  to.text("action", to_string(x.action));
  append_decider(to.raw("by"), x.by);
  to.number("at", x.at);
  to.text_if("reason", x.reason);
  to.text_if("rule", x.rule);
  to.text("result", to_string(x.result));
  to.text_if("error", x.error);
  to.number_if("until", x.until);
  to.number_if("waited", x.waited);
  to.number_if("shown", x.shown);
  to.text("container", x.container);
  to.text("target", x.target);
}

void append_prompt(std::string& out, const prompt& x, std::string_view id,
                   const shield_abilities& shield) {
  json_members to{out};
  to.text("id", id);
  to.count("revision", x.revision);
  to.text("container", x.container->name);
  to.texts("dossier", x.container->dossier);
  to.text("target", x.target);
  to.text("domain", x.domain);
  to.text("dest", x.dest);
  to.list("addresses", x.addresses,
          [](auto& text, const auto& y) { append_text(text, to_string(y)); });
  to.count("more_addresses", x.more_addresses);
  to.list("ports", x.ports, append_number);
  to.list("protocols", x.protocols, append_number);
  to.list("flags", x.flags.words(), append_text);
  to.number("first_seen", x.first_seen);
  to.number("last_seen", x.last_seen);
  to.count("count", x.count);
  to.text("state", to_string(x.state));
  to.text_if("why", to_string(x.why));
  to.truth("quiet", x.quiet);
  to.text_if("rule", x.rule);
  to.text("opens", what_an_allow_opens(x.domain, shield));
  if (x.decision)
    append_decision(to.raw("decision"), *x.decision);
}

void append_hub(std::string& out, const hub_state& x) {
  json_members to{out};
  to.text("id", x.id);
  to.text("version", x.version);
  to.number("since", x.since);
  to.count("containers", x.containers);
  to.count("waiting", x.waiting);
  to.count("operators", x.operators);
  to.list("scopes", x.scopes, append_text);
  to.text("policy", x.policy);
  to.text("audit", x.audit);
  to.count("events_lost", x.events_lost);
}

void append_rule(std::string& out, const policy_rule& x) {
  json_members to{out};
  to.text("name", x.name);
  to.text("why", x.why);
  to.text("file", x.file);
  to.count("line", x.line);
  to.texts("on", x.on);
  std::vector<std::string> targets;
  for (const auto& y : x.names)
    targets.push_back(to_string(y));
  for (const auto& y : x.ranges)
    targets.push_back(to_string(y));
  to.list("to", targets, append_text);
  to.list("ports", x.ports, append_number);
  to.text("action", to_string(x.action));
  if (x.expires)
    to.text("expires", text_of_day(*x.expires));
  to.truth("quiet", x.quiet);
}

void append_event(std::string& out, const event& x) {
  json_members to{out};
  to.text("type", to_string(x.type));
  to.text("container", x.container);
  to.text("request_id", x.request_id);
  to.text("dest", x.dest);
  to.number("port", x.port);
  to.number("proto", x.proto);
  to.text("domain", x.domain);
  to.text("action", x.action);
  to.truth("ok", x.ok);
  to.text("reason", x.reason);
  to.texts("dossier", x.dossier);
}

} // namespace clearance::protocol
