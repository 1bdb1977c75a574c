#include "protocol/varlink/shield.hpp"

#include "protocol/json/json_tree.hpp"
#include "protocol/text/text.hpp"

namespace clearance::protocol::varlink {

const std::string_view shield_name = "org.terok.ClearanceShield1";

void append_abilities_call(std::string& out) {
  append_call(out, "org.terok.ClearanceShield1.Capabilities", {});
}

void append_abilities(std::string& out, const shield_abilities& x) {
  std::string members = R"("words":[)";
  for (const auto word : words_of(x)) {
    if (members.back() != '[')
      members += ',';
    append_json(members, word);
  }
  members += ']';
  append_reply(out, members);
}

std::optional<shield_abilities> abilities_of(const reply& x) {
  const auto* words = find(x.parameters, "words");
  if (!x.error.empty() || words == nullptr
      || words->type != parameter::kind::other)
    return std::nullopt;
  const auto list = parse_json_tree(words->text);
  if (!list || list->type != json_tree::kind::array)
    return std::nullopt;
  shield_abilities result;
  for (const auto& each : list->items)
    if (each.type == json_tree::kind::string)
      note_ability(result, each.text);
  return result;
}

void append_apply_call(std::string& out, const shield_call& x) {
  if (x.seconds == 0)
    return append_call(out, "org.terok.ClearanceVerdict1.Apply",
                       {{"container", x.container},
                        {"dest", x.dest},
                        {"action", to_string(x.action)}});
  out += R"({"method":"org.terok.ClearanceShield1.Apply","parameters":{)"
         R"("container":)";
  append_json(out, x.container);
  out += R"(,"dest":)";
  append_json(out, x.dest);
  out += R"(,"action":)";
  append_json(out, to_string(x.action));
  out += R"(,"seconds":)" + std::to_string(x.seconds) + "}}";
  out += '\0';
}

} // namespace clearance::protocol::varlink
