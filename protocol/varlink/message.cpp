#include "protocol/varlink/message.hpp"

#include "protocol/text/text.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <span>

// Writing messages. They are read in parse.cpp.

namespace clearance::protocol::varlink {

namespace {

using pair_list = std::vector<std::pair<std::string_view, std::string_view>>;

/// Appends `"key":"text"` for each member, separated by commas.
void append_members(std::string& out, const pair_list& members) {
  bool first = true;
  for (auto [key, text] : members) {
    if (!std::exchange(first, false))
      out += ',';
    append_json(out, key);
    out += ':';
    append_json(out, text);
  }
}

/// An error of org.terok.Clearance1, as its IDL declares it.
struct error_declaration {
  std::string_view name;
  std::span<const std::string_view> fields;
};

error_declaration declaration_of(verdict_outcome::kind what) noexcept {
  using kind = verdict_outcome::kind;
  static constexpr std::array<std::string_view, 1> action{"action"};
  static constexpr std::array<std::string_view, 1> request{"request_id"};
  static constexpr std::array<std::string_view, 4> tuple{
      "expected_container", "expected_dest", "got_container", "got_dest"};
  static constexpr std::array<std::string_view, 2> cli{"action", "stderr"};
  switch (what) {
  case kind::ok:
    break;
  case kind::invalid_action:
    return {"org.terok.Clearance1.InvalidAction", action};
  case kind::unknown_request:
    return {"org.terok.Clearance1.UnknownRequest", request};
  case kind::verdict_tuple_mismatch:
    return {"org.terok.Clearance1.VerdictTupleMismatch", tuple};
  case kind::shield_cli_failed:
    return {"org.terok.Clearance1.ShieldCliFailed", cli};
  }
  return {};
}

} // namespace

const parameter* find(const std::vector<parameter>& xs,
                      std::string_view name) noexcept {
  auto at = std::find_if(xs.begin(), xs.end(),
                         [=](const parameter& x) { return x.name == name; });
  return at == xs.end() ? nullptr : &*at;
}

void append_call(std::string& out, std::string_view method,
                 const pair_list& parameters, bool more) {
  out += R"({"method":)";
  append_json(out, method);
  out += R"(,"parameters":{)";
  append_members(out, parameters);
  out += '}';
  if (more)
    out += R"(,"more":true)";
  out += '}';
  out += '\0';
}

void append_reply(std::string& out, std::string_view members) {
  out += R"({"parameters":{)";
  out += members;
  out += "}}";
  out += '\0';
}

void append_error(std::string& out, std::string_view name,
                  const pair_list& parameters) {
  out += R"({"error":)";
  append_json(out, name);
  out += R"(,"parameters":{)";
  append_members(out, parameters);
  out += "}}";
  out += '\0';
}

void append_verdict(std::string& out, const verdict_outcome& x) {
  auto [name, fields] = declaration_of(x.what);
  assert(x.fields.size() == fields.size());
  if (name.empty())
    return append_reply(out, R"("ok":true)");
  pair_list parameters;
  std::transform(fields.begin(), fields.end(), x.fields.begin(),
                 std::back_inserter(parameters),
                 [](auto field, const auto& text) {
                   return std::pair{field, std::string_view{text}};
                 });
  append_error(out, name, parameters);
}

void append_apply(std::string& out, const shield_outcome& x) {
  std::string members =
      x.ok ? R"("ok":true,"stderr":)" : R"("ok":false,"stderr":)";
  append_json(members, x.stderr_text);
  append_reply(out, members);
}

} // namespace clearance::protocol::varlink
