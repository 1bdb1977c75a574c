#include "services/web/prompt_json.hpp"

#include "protocol/operator/json_members.hpp"
#include "protocol/text/text.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/prompt_words.hpp"

#include <algorithm>

namespace clearance::services {

using protocol::append_json;
using protocol::escaped;
using protocol::json_members;

void append_prompt_json(std::string& out, const protocol::list_entry& x) {
  const auto& prompt = x.prompt;
  json_members to{out};
  to.count("number", x.number);
  to.number("revision", prompt.revision);
  to.text("hub", hub_label(x.key.hub));
  to.text("socket", escaped(x.key.hub));
  to.text("id", escaped(prompt.id));
  to.text("container", escaped(prompt.container));
  to.text("name", container_words(prompt));
  to.text("task", escaped(prompt.in_dossier("task"), 80));
  to.text("target", escaped(prompt.target));
  to.text("domain", escaped(prompt.domain));
  to.text("address", addresses_words(prompt));
  to.list("addresses", prompt.addresses,
          [](std::string& text, const std::string& each) {
            append_json(text, escaped(each));
          });
  to.number("more", prompt.more_addresses);
  to.text("ports", ports_words(prompt));
  to.number("count", prompt.count);
  to.number("first", prompt.first_seen);
  to.number("last", prompt.last_seen);
  to.text("state", to_string(prompt.state));
  to.truth("stale", x.is_stale);
  to.truth("quiet", prompt.quiet);
  to.text("flags", flags_words(prompt));
  to.truth("danger", std::find(prompt.flags.begin(), prompt.flags.end(),
                               "metadata_service")
                         != prompt.flags.end());
  to.text("rule", escaped(prompt.rule));
  to.text("opens", escaped(prompt.opens));
  to.list("dossier", prompt.dossier, [](std::string& text, const auto& each) {
    text += '[';
    append_json(text, escaped(each.first));
    text += ',';
    append_json(text, escaped(each.second));
    text += ']';
  });
  if (!prompt.decision)
    return;
  json_members made{to.raw("decision")};
  made.text("action", to_string(prompt.decision->action));
  made.text("words", decision_words(*prompt.decision));
  made.text("result", to_string(prompt.decision->result));
  made.number("at", prompt.decision->at);
}

std::string hubs_json(const protocol::prompt_list::hubs_map& hubs) {
  std::string out{"["};
  for (const auto& [name, x] : hubs) {
    if (out.size() > 1)
      out += ',';
    json_members to{out};
    to.text("hub", name);
    to.text("label", hub_label(name));
    to.text("socket", escaped(name));
    to.text("words", hub_words(x));
    to.truth("away", x.status == protocol::link_status::absent);
    to.truth("older", x.is_older);
    to.number("lost", x.lost);
    to.count("left_out", x.left_out);
    if (x.status != protocol::link_status::current || x.is_older)
      continue;
    to.text("version", escaped(x.state.version, 40));
    to.number("since", x.state.since);
    to.count("operators", x.state.operators);
    to.text("policy", escaped(x.state.policy, 300));
    to.text("audit", escaped(x.state.audit, 300));
  }
  out += ']';
  return out;
}

} // namespace clearance::services
