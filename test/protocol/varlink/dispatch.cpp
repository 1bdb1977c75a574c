#include "protocol/varlink/dispatch.hpp"

#include "test/support/wire/idl.hpp"
#include "test/support/wire/json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace service_tests {

using namespace clearance::protocol;
using namespace clearance::protocol::varlink;
using clearance::test::idl_fields;
using clearance::test::idl_interface;
using clearance::test::idl_member;
using clearance::test::json;

namespace {

constexpr std::array<role, 2> roles{role::hub, role::verdict_helper};

std::string_view own_interface(role who) {
  return who == role::hub ? "org.terok.Clearance1"
                          : "org.terok.ClearanceVerdict1";
}

idl_interface own_description(role who) {
  return idl_interface::parse(who == role::hub ? idl::clearance
                                               : idl::clearance_verdict);
}

/// A call whose parameters are all strings.
call make_call(std::string method, const idl_fields& parameters = {}) {
  call x;
  x.method = std::move(method);
  for (const auto& [name, type] : parameters)
    x.parameters.push_back({name, parameter::kind::string, "<" + name + ">"});
  return x;
}

/// The text of the answer without its NUL; empty if there is no answer.
std::string text_of(const dispatched& x) {
  auto* said = std::get_if<answered>(&x);
  REQUIRE(said != nullptr);
  auto text = said->reply;
  if (!text.empty()) {
    REQUIRE(text.find('\0') == text.size() - 1);
    text.pop_back();
  }
  return text;
}

std::string answer(role who, const call& x) {
  return text_of(dispatch(who, x));
}

std::string standard_error(const std::string& name, const std::string& field,
                           const std::string& text) {
  return R"({"error":"org.varlink.service.)" + name + R"(","parameters":{")"
         + field + R"(":")" + text + R"("}})";
}

/// The names of an object's members, in order.
std::vector<std::string> names(const json& x) {
  std::vector<std::string> result;
  for (const auto& [name, value] : x.members())
    result.push_back(name);
  return result;
}

std::vector<std::string> names(const idl_fields& xs) {
  std::vector<std::string> result;
  for (const auto& [name, type] : xs)
    result.push_back(name);
  return result;
}

/// Calls `f` with the qualified name and the declaration of every method in the
/// service's descriptions.
template <class F>
void each_method(role who, F f) {
  for (const auto& x :
       {idl_interface::parse(idl::service), own_description(who)})
    for (const auto& method : x.all(idl_member::kind::method))
      f(x.name + "." + method.name, method);
}

} // namespace

TEST_CASE(
    "GetInfo says who made the service and which interfaces it has, sorted") {
  auto x = make_call("org.varlink.service.GetInfo");
  CHECK(answer(role::hub, x)
        == R"({"parameters":{"vendor":"terok","product":"terok-clearance",)"
           R"("version":")" CLEARANCE_VERSION R"(",)"
           R"("url":"https://github.com/terok-ai/terok-clearance",)"
           R"("interfaces":["org.terok.Clearance1","org.varlink.service"]}})");
  auto helper = json::parse(answer(role::verdict_helper, x))["parameters"];
  CHECK(helper["product"].text() == "terok-clearance-verdict");
  CHECK(helper["version"].text() == CLEARANCE_VERSION);
  CHECK(helper["interfaces"]
        == json::parse(
            R"(["org.terok.ClearanceShield1","org.terok.ClearanceVerdict1",)"
            R"("org.varlink.service"])"));
}

TEST_CASE("GetInfo answers with the members that its description declares") {
  auto x =
      json::parse(answer(role::hub, make_call("org.varlink.service.GetInfo")));
  CHECK(names(x["parameters"])
        == names(idl_interface::parse(idl::service)
                     .member(idl_member::kind::method, "GetInfo")
                     .replies));
}

TEST_CASE("each interface of GetInfo has a description, and no other has one") {
  for (auto who : roles) {
    auto describe = [&](std::string_view name) {
      auto x = make_call("org.varlink.service.GetInterfaceDescription");
      x.parameters.push_back(
          {"interface", parameter::kind::string, std::string{name}});
      return answer(who, x);
    };
    auto info =
        json::parse(answer(who, make_call("org.varlink.service.GetInfo")));
    for (const auto& name :
         info["parameters"]["interfaces"].as<json::array>()) {
      auto text = json::parse(describe(name.text()));
      CHECK(names(text["parameters"])
            == std::vector<std::string>{"description"});
      auto description = text["parameters"]["description"].text();
      CHECK(idl_interface::parse(description).name == name.text());
    }
    auto other = who == role::hub ? role::verdict_helper : role::hub;
    for (std::string name :
         {std::string{own_interface(other)}, std::string{},
          std::string{"org.varlink"}, std::string{"org.varlink.service.x"}})
      CHECK(describe(name)
            == standard_error("InterfaceNotFound", "interface", name));
  }
}

TEST_CASE("an interface of another service is not found") {
  CHECK(answer(role::hub, make_call("org.terok.ClearanceVerdict1.Apply"))
        == standard_error("InterfaceNotFound", "interface",
                          "org.terok.ClearanceVerdict1"));
  CHECK(answer(role::verdict_helper, make_call("org.terok.Clearance1.Verdict"))
        == standard_error("InterfaceNotFound", "interface",
                          "org.terok.Clearance1"));
  CHECK(answer(role::hub, make_call("a.b"))
        == standard_error("InterfaceNotFound", "interface", "a"));
  CHECK(answer(role::hub, make_call("org.terok.clearance1.Verdict"))
        == standard_error("InterfaceNotFound", "interface",
                          "org.terok.clearance1"));
}

TEST_CASE("MethodNotFound has the method's name without its interface") {
  for (auto who : roles) {
    auto own = std::string{own_interface(who)};
    CHECK(answer(who, make_call(own + ".Nope"))
          == standard_error("MethodNotFound", "method", "Nope"));
    CHECK(answer(who, make_call(own + ".GetInfo"))
          == standard_error("MethodNotFound", "method", "GetInfo"));
    CHECK(answer(who, make_call("org.varlink.service.getInfo"))
          == standard_error("MethodNotFound", "method", "getInfo"));
  }
}

TEST_CASE(
    "errors are reported in the order interface, method, parameter, more") {
  auto x = make_call("a.b.Subscribe", {{"x", ""}});
  CHECK(answer(role::hub, x)
        == standard_error("InterfaceNotFound", "interface", "a.b"));
  x.method = "org.terok.Clearance1.Nope";
  CHECK(answer(role::hub, x)
        == standard_error("MethodNotFound", "method", "Nope"));
  x.method = "org.terok.Clearance1.Subscribe";
  CHECK(answer(role::hub, x)
        == standard_error("InvalidParameter", "parameter", "x"));
  x.parameters.clear();
  CHECK(answer(role::hub, x)
        == R"({"error":"org.varlink.service.ExpectedMore","parameters":{}})");
  x.more = true;
  CHECK(std::holds_alternative<subscribe_call>(dispatch(role::hub, x)));
}

TEST_CASE("every declared method accepts its declared parameters") {
  for (auto who : roles)
    each_method(who, [&](const std::string& name, const idl_member& method) {
      auto x = make_call(name, method.fields);
      x.more = true;
      auto result = dispatch(who, x);
      CAPTURE(name);
      if (auto* said = std::get_if<answered>(&result))
        CHECK(said->reply.find("InvalidParameter") == std::string::npos);
    });
}

TEST_CASE("every parameter must be there and be a string") {
  using kind = parameter::kind;
  for (auto who : roles)
    each_method(who, [&](const std::string& name, const idl_member& method) {
      for (const auto& field : method.fields) {
        REQUIRE(field.second == "string");
        auto refused =
            standard_error("InvalidParameter", "parameter", field.first);
        auto is_it = [&](const parameter& p) { return p.name == field.first; };
        for (auto wrong :
             {kind::boolean, kind::integer, kind::null, kind::other}) {
          auto x = make_call(name, method.fields);
          std::ranges::find_if(x.parameters, is_it)->type = wrong;
          CHECK(answer(who, x) == refused);
        }
        auto x = make_call(name, method.fields);
        std::erase_if(x.parameters, is_it);
        CHECK(answer(who, x) == refused);
      }
    });
}

TEST_CASE(
    "a parameter that is not declared is refused, and the error names it") {
  for (auto who : roles)
    each_method(who, [&](const std::string& name, const idl_member& method) {
      auto x = make_call(name, method.fields);
      x.more = true;
      x.parameters.insert(x.parameters.begin(),
                          {"Container", parameter::kind::null, ""});
      x.parameters.push_back({"other", parameter::kind::string, ""});
      CHECK(answer(who, x)
            == standard_error("InvalidParameter", "parameter", "Container"));
    });
}

TEST_CASE("of several bad parameters the error names the first declared one") {
  auto x = make_call("org.terok.Clearance1.Verdict");
  x.parameters = {{"unknown", parameter::kind::string, ""},
                  {"action", parameter::kind::null, ""},
                  {"dest", parameter::kind::integer, "1"},
                  {"container", parameter::kind::string, "c"}};
  CHECK(answer(role::hub, x)
        == standard_error("InvalidParameter", "parameter", "request_id"));
  x.parameters.push_back({"request_id", parameter::kind::string, "r"});
  CHECK(answer(role::hub, x)
        == standard_error("InvalidParameter", "parameter", "dest"));
}

TEST_CASE("a verdict call is returned with its four texts, in any order") {
  auto x = make_call(
      "org.terok.Clearance1.Verdict",
      {{"action", ""}, {"dest", ""}, {"container", ""}, {"request_id", ""}});
  auto result = dispatch(role::hub, x);
  auto* y = std::get_if<verdict_call>(&result);
  REQUIRE(y != nullptr);
  CHECK(y->container == "<container>");
  CHECK(y->request_id == "<request_id>");
  CHECK(y->dest == "<dest>");
  CHECK(y->action == "<action>");
}

TEST_CASE("an apply call is returned with its three texts") {
  auto x = make_call("org.terok.ClearanceVerdict1.Apply",
                     {{"container", ""}, {"dest", ""}, {"action", ""}});
  auto result = dispatch(role::verdict_helper, x);
  auto* y = std::get_if<apply_call>(&result);
  REQUIRE(y != nullptr);
  CHECK(y->container == "<container>");
  CHECK(y->dest == "<dest>");
  CHECK(y->action == "<action>");
}

TEST_CASE("a oneway call gets no reply, not even an error") {
  for (auto name :
       {"a.b", "org.varlink.service.GetInfo", "org.varlink.service.Nope",
        "org.varlink.service.GetInterfaceDescription",
        "org.terok.Clearance1.Verdict", "org.terok.Clearance1.Subscribe"})
    for (bool more : {false, true}) {
      auto x = make_call(name);
      x.oneway = true;
      x.more = more;
      CHECK(answer(role::hub, x).empty());
    }
}

TEST_CASE("a oneway verdict is executed, too") {
  auto x = make_call("org.terok.Clearance1.Verdict",
                     own_description(role::hub)
                         .member(idl_member::kind::method, "Verdict")
                         .fields);
  x.oneway = true;
  CHECK(std::holds_alternative<verdict_call>(dispatch(role::hub, x)));
}

TEST_CASE("more and upgrade have no effect on methods that answer once") {
  auto x = make_call("org.varlink.service.GetInfo");
  auto plain = answer(role::hub, x);
  x.more = true;
  CHECK(answer(role::hub, x) == plain);
  x.upgrade = true;
  CHECK(answer(role::hub, x) == plain);
}

TEST_CASE("every declared error of a verdict is written as declared") {
  using kind = verdict_outcome::kind;
  std::vector<std::string> written;
  for (auto [what, fields] : {std::pair{kind::invalid_action, 1u},
                              std::pair{kind::unknown_request, 1u},
                              std::pair{kind::verdict_tuple_mismatch, 4u},
                              std::pair{kind::shield_cli_failed, 2u}}) {
    std::string out;
    append_verdict(out, {what, std::vector<std::string>(fields, "x")});
    out.pop_back();
    auto x = json::parse(out);
    auto name = x["error"].text();
    REQUIRE(name.starts_with("org.terok.Clearance1."));
    name.erase(0, name.rfind('.') + 1);
    CHECK(names(x["parameters"])
          == names(own_description(role::hub)
                       .member(idl_member::kind::error, name)
                       .fields));
    written.push_back(name);
  }
  std::vector<std::string> declared;
  for (const auto& x : own_description(role::hub).all(idl_member::kind::error))
    declared.push_back(x.name);
  CHECK(written == declared);
}

TEST_CASE("methods return what they declare") {
  std::string out;
  append_verdict(out, {});
  out.pop_back();
  CHECK(names(json::parse(out)["parameters"])
        == names(own_description(role::hub)
                     .member(idl_member::kind::method, "Verdict")
                     .replies));
  out.clear();
  append_apply(out, {});
  out.pop_back();
  CHECK(names(json::parse(out)["parameters"])
        == names(own_description(role::verdict_helper)
                     .member(idl_member::kind::method, "Apply")
                     .replies));
  out.clear();
  encode(event{}, out);
  out.pop_back();
  auto x = json::parse(out)["parameters"];
  auto description = own_description(role::hub);
  CHECK(names(x)
        == names(
            description.member(idl_member::kind::method, "Subscribe").replies));
  CHECK(
      names(x["event"])
      == names(
          description.member(idl_member::kind::type, "ClearanceEvent").fields));
}

TEST_CASE("the standard errors that we send are declared as we send them") {
  auto standard = idl_interface::parse(idl::service);
  auto x = make_call("org.terok.Clearance1.Subscribe");
  auto with = make_call("org.terok.Clearance1.Subscribe", {{"x", ""}});
  for (const auto& y :
       {x, with, make_call("a.b"), make_call("org.varlink.service.b")}) {
    auto said = json::parse(answer(role::hub, y));
    auto name = said["error"].text();
    REQUIRE(name.starts_with("org.varlink.service."));
    name.erase(0, name.rfind('.') + 1);
    CHECK(names(said["parameters"])
          == names(standard.member(idl_member::kind::error, name).fields));
  }
}

} // namespace service_tests
