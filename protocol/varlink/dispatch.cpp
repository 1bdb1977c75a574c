#include "protocol/varlink/dispatch.hpp"

#include "protocol/operator/idl.hpp"
#include "protocol/text/text.hpp"
#include "protocol/varlink/shield.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#ifndef CLEARANCE_VERSION
#error "the build defines CLEARANCE_VERSION"
#endif

// `upgrade` has no effect: we offer no other protocol, and varlink has no error
// for that. A client that is answered in varlink knows that the connection was
// not upgraded.

namespace clearance::protocol::varlink {

namespace {

using words = std::span<const std::string_view>;

constexpr std::string_view service_name = "org.varlink.service";
constexpr std::string_view clearance_name = "org.terok.Clearance1";
constexpr std::string_view verdict_name = "org.terok.ClearanceVerdict1";

enum class method {
  get_info,
  get_description,
  subscribe,
  verdict,
  apply,
  abilities,
  apply_for,
};

struct declaration {
  std::string_view interface;
  std::string_view name;
  words parameters;
  method what;
};

constexpr std::array<std::string_view, 1> description_parameters{"interface"};
constexpr std::array<std::string_view, 4> verdict_parameters{
    "container", "request_id", "dest", "action"};
constexpr std::array<std::string_view, 3> apply_parameters{"container", "dest",
                                                           "action"};

// `declaration::parameters` are the ones that are strings; apply_for has
// `seconds`, too.
const std::array<declaration, 7> methods{{
    {service_name, "GetInfo", {}, method::get_info},
    {service_name, "GetInterfaceDescription", description_parameters,
     method::get_description},
    {clearance_name, "Subscribe", {}, method::subscribe},
    {clearance_name, "Verdict", verdict_parameters, method::verdict},
    {verdict_name, "Apply", apply_parameters, method::apply},
    {shield_name, "Capabilities", {}, method::abilities},
    {shield_name, "Apply", apply_parameters, method::apply_for},
}};

/// The interfaces a service speaks, sorted.
words interfaces_of(role who) noexcept {
  static constexpr std::array<std::string_view, 2> hub{clearance_name,
                                                       service_name};
  static constexpr std::array<std::string_view, 3> operator_hub{
      clearance_name, operator_name, service_name};
  static const std::array<std::string_view, 3> helper{shield_name, verdict_name,
                                                      service_name};
  switch (who) {
  case role::hub:
    return hub;
  case role::operator_hub:
    return operator_hub;
  case role::verdict_helper:
    return helper;
  }
  return {};
}

bool contains(words xs, std::string_view x) noexcept {
  return std::find(xs.begin(), xs.end(), x) != xs.end();
}

std::string_view description_of(std::string_view interface) noexcept {
  if (interface == clearance_name)
    return idl::clearance;
  if (interface == operator_name)
    return operator_idl;
  if (interface == shield_name)
    return idl::clearance_shield;
  return interface == verdict_name ? idl::clearance_verdict : idl::service;
}

answered error(std::string_view name, std::string_view field = {},
               std::string_view text = {}) {
  answered result;
  std::string qualified{service_name};
  qualified += '.';
  qualified += name;
  if (field.empty())
    append_error(result.reply, qualified);
  else
    append_error(result.reply, qualified, {{field, text}});
  return result;
}

answered info(role who) {
  std::string members = R"("vendor":"terok","product":)";
  append_json(members, who == role::verdict_helper ? "terok-clearance-verdict"
                                                   : "terok-clearance");
  members += R"(,"version":)";
  append_json(members, CLEARANCE_VERSION);
  members += R"(,"url":"https://github.com/terok-ai/terok-clearance",)"
             R"("interfaces":[)";
  for (auto name : interfaces_of(who)) {
    append_json(members, name);
    members += ',';
  }
  members.back() = ']';
  answered result;
  append_reply(result.reply, members);
  return result;
}

answered description(role who, std::string_view interface) {
  if (!contains(interfaces_of(who), interface))
    return error("InterfaceNotFound", "interface", interface);
  std::string members = R"("description":)";
  append_json(members, description_of(interface));
  answered result;
  append_reply(result.reply, members);
  return result;
}

/// The first parameter that is missing, unknown or of the wrong type. Nothing:
/// all are right.
std::optional<std::string_view> invalid(const call& x, words declared) {
  for (auto name : declared) {
    const auto* given = find(x.parameters, name);
    if (given == nullptr || given->type != parameter::kind::string)
      return name;
  }
  for (const auto& given : x.parameters)
    if (!contains(declared, given.name))
      return given.name;
  return std::nullopt;
}

/// Takes the parameter `seconds` out. Nothing: it is wrong. 0: it is not there.
std::optional<std::int64_t> take_seconds(std::vector<parameter>& from) {
  const auto at =
      std::find_if(from.begin(), from.end(),
                   [](const parameter& x) { return x.name == "seconds"; });
  if (at == from.end())
    return 0;
  const auto given = std::move(*at);
  from.erase(at);
  if (given.type == parameter::kind::null)
    return 0;
  std::int64_t result = 0;
  const auto* end = given.text.data() + given.text.size();
  if (given.type != parameter::kind::integer
      || std::from_chars(given.text.data(), end, result).ptr != end
      || result < 1)
    return std::nullopt;
  return result;
}

dispatched decide_apply_for(call x) {
  const auto seconds = take_seconds(x.parameters);
  if (auto bad = invalid(x, apply_parameters))
    return error("InvalidParameter", "parameter", *bad);
  if (!seconds)
    return error("InvalidParameter", "parameter", "seconds");
  auto text = [&](std::string_view name) {
    return find(x.parameters, name)->text;
  };
  return apply_call{text("container"), text("dest"), text("action"), *seconds};
}

dispatched decide_operator(std::string_view method, const call& x) {
  using kind = operator_refusal::kind;
  auto parsed = parse_operator_call(method, x);
  if (auto* good = std::get_if<operator_call>(&parsed)) {
    if (x.oneway && std::holds_alternative<watch_call>(*good))
      return answered{};
    return std::move(*good);
  }
  const auto& bad = std::get<operator_refusal>(parsed);
  switch (bad.why) {
  case kind::no_method:
    return error("MethodNotFound", "method", bad.name);
  case kind::not_implemented:
    return error("MethodNotImplemented", "method", bad.name);
  case kind::bad_parameter:
    return error("InvalidParameter", "parameter", bad.name);
  case kind::expected_more:
    break;
  }
  return x.oneway ? answered{} : error("ExpectedMore");
}

dispatched decide(role who, const call& x) {
  auto dot = std::min(x.method.rfind('.'), x.method.size());
  auto interface = std::string_view{x.method}.substr(0, dot);
  auto name =
      std::string_view{x.method}.substr(std::min(dot + 1, x.method.size()));
  if (!contains(interfaces_of(who), interface))
    return error("InterfaceNotFound", "interface", interface);
  if (interface == operator_name)
    return decide_operator(name, x);
  const auto* found =
      std::find_if(methods.begin(), methods.end(), [&](const declaration& y) {
        return y.interface == interface && y.name == name;
      });
  if (found == methods.end())
    return error("MethodNotFound", "method", name);
  if (found->what == method::apply_for)
    return decide_apply_for(x);
  if (auto bad = invalid(x, found->parameters))
    return error("InvalidParameter", "parameter", *bad);
  auto text = [&](std::string_view parameter) {
    return find(x.parameters, parameter)->text;
  };
  switch (found->what) {
  case method::get_info:
    return info(who);
  case method::get_description:
    return description(who, text("interface"));
  case method::subscribe:
    if (x.oneway)
      return answered{};
    if (!x.more)
      return error("ExpectedMore");
    return subscribe_call{};
  case method::verdict:
    return verdict_call{text("container"), text("request_id"), text("dest"),
                        text("action")};
  case method::apply:
    return apply_call{text("container"), text("dest"), text("action")};
  case method::abilities:
    return abilities_call{};
  case method::apply_for: // see above
    break;
  }
  return answered{};
}

} // namespace

dispatched dispatch(role who, const call& x) {
  auto result = decide(who, x);
  if (auto* said = std::get_if<answered>(&result); said != nullptr && x.oneway)
    said->reply.clear();
  return result;
}

} // namespace clearance::protocol::varlink
