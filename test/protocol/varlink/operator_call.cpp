#include "protocol/varlink/operator_call.hpp"

#include "protocol/operator/idl.hpp"
#include "protocol/varlink/dispatch.hpp"
#include "test/support/wire/idl.hpp"

#include <doctest/doctest.h>

#include <string>

namespace operator_call_tests {

using namespace clearance::protocol;
using namespace clearance::protocol::varlink;
using clearance::test::idl_interface;
using clearance::test::idl_member;
using refused = operator_refusal::kind;

namespace {

// The call of a method with these parameters, as JSON.
call call_of(const std::string& method, const std::string& parameters,
             bool more = false) {
  auto parsed = parse_call(R"({"method":"org.terok.ClearanceOperator1.)"
                           + method + R"(","parameters":)" + parameters
                           + (more ? R"(,"more":true})" : "}"));
  REQUIRE(std::holds_alternative<call>(parsed));
  return std::get<call>(parsed);
}

auto read(const std::string& method, const std::string& parameters,
          bool more = false) {
  return parse_operator_call(method, call_of(method, parameters, more));
}

template <class T>
T good(const std::string& method, const std::string& parameters,
       bool more = false) {
  auto x = read(method, parameters, more);
  REQUIRE(std::holds_alternative<operator_call>(x));
  REQUIRE(std::holds_alternative<T>(std::get<operator_call>(x)));
  return std::get<T>(std::get<operator_call>(x));
}

// The name of the bad parameter.
std::string bad(const std::string& method, const std::string& parameters) {
  auto x = read(method, parameters);
  if (auto* y = std::get_if<operator_refusal>(&x);
      y != nullptr && y->why == refused::bad_parameter)
    return y->name;
  return "none";
}

// A value of the type of the description.
std::string value_of(std::string type) {
  if (type.starts_with('?'))
    type.erase(0, 1);
  return type == "string"           ? "\"x\""
         : type == "int"            ? "7"
         : type == "bool"           ? "true"
         : type == "[]string"       ? "[\"x\"]"
         : type == "[]int"          ? "[7]"
         : type == "[string]string" ? "{\"k\":\"v\"}"
         : type == "Scope"          ? "{\"seconds\":7}"
                                    : "";
}

} // namespace

TEST_CASE("every declared parameter is read, and one that is wrong is named") {
  const auto described = idl_interface::parse(operator_idl);
  for (const auto& method : described.all(idl_member::kind::method)) {
    if (method.name == "AddRule")
      continue;
    CAPTURE(method.name);
    auto with = [&](const std::string& changed, const std::string& value) {
      std::string all;
      for (const auto& [name, type] : method.fields) {
        auto text = name == changed ? value : value_of(type);
        REQUIRE_MESSAGE((name == changed || !text.empty()), type);
        if (!text.empty())
          all += (all.empty() ? "" : ",") + ("\"" + name + "\":" + text);
      }
      return "{" + all + "}";
    };
    CHECK(std::holds_alternative<operator_call>(
        read(method.name, with("", ""), true)));
    for (const auto& [name, type] : method.fields) {
      const bool is_optional = type.starts_with('?');
      CAPTURE(name);
      for (const char* absent : {"", "null"})
        CHECK_EQ(bad(method.name, with(name, absent)),
                 is_optional ? std::string{"none"} : name);
      for (const char* wrong : {"1.5", "[[]]", "{\"x\":[]}"})
        CHECK_EQ(bad(method.name, with(name, wrong)), name);
    }
    auto more = with("", "");
    more.pop_back();
    more += more == "{" ? "\"other\":1}" : ",\"other\":1}";
    CHECK_EQ(bad(method.name, more), "other");
  }
}

TEST_CASE("a decision has a scope, a reason and a name if it says so") {
  auto x = good<decide_call>(
      "Decide", R"({"prompt":"b-1","revision":3,"action":"allow"})");
  CHECK_EQ(x.prompt, "b-1");
  CHECK_EQ(x.revision, 3);
  CHECK_EQ(x.action, "allow");
  CHECK(x.reason.empty());
  CHECK_FALSE(x.seconds);
  x = good<decide_call>(
      "Decide", R"({"prompt":"b-1","revision":3,"action":"deny","reason":"r",)"
                R"("scope":{"seconds":60},"name":"n"})");
  CHECK_EQ(x.reason, "r");
  CHECK(x.seconds == 60);
  CHECK_EQ(x.name, "n");
  x = good<decide_call>(
      "Decide", R"({"prompt":"p","revision":0,"action":"a","scope":{}})");
  CHECK_FALSE(x.seconds);
  for (const char* scope :
       {"1", "[]", "{\"seconds\":\"1\"}", "{\"seconds\":1.5}", "{\"s\":1}"})
    CHECK_EQ(bad("Decide", R"({"prompt":"p","revision":0,"action":"a","scope":)"
                               + std::string{scope} + "}"),
             "scope");
}

TEST_CASE("what is to be explained has lists and a dossier") {
  auto x = good<explain_call>(
      "Explain", R"({"container":"c","target":"a.org","dossier":{"k":"v"},)"
                 R"("addresses":["192.0.2.1","::1"],"ports":[443,80]})");
  CHECK_EQ(x.container, "c");
  CHECK_EQ(x.target, "a.org");
  CHECK(x.dossier == dossier{{"k", "v"}});
  CHECK(x.addresses == std::vector<std::string>{"192.0.2.1", "::1"});
  CHECK(x.ports == std::vector<std::int64_t>{443, 80});
  CHECK_EQ(bad("Explain", R"({"addresses":[1]})"), "addresses");
  CHECK_EQ(bad("Explain", R"({"ports":["1"]})"), "ports");
  CHECK_EQ(bad("Explain", R"({"dossier":{"k":1}})"), "dossier");
}

TEST_CASE("watching needs more, but a bad parameter is said first") {
  auto x = read("Watch", "{}");
  REQUIRE(std::holds_alternative<operator_refusal>(x));
  CHECK(std::get<operator_refusal>(x).why == refused::expected_more);
  CHECK_EQ(bad("Watch", R"({"attends":1})"), "attends");
  auto y = good<watch_call>("Watch", R"({"name":"n","attends":true})", true);
  CHECK_EQ(y.name, "n");
  CHECK(y.attends);
  CHECK_FALSE(good<watch_call>("Watch", "{}", true).attends);
}

TEST_CASE("only a hub with operators has the interface") {
  auto text = [](role who, const call& x) {
    auto result = dispatch(who, x);
    auto* said = std::get_if<answered>(&result);
    return said == nullptr ? "a call" : said->reply;
  };
  const auto list = call_of("List", "{}");
  CHECK_EQ(text(role::operator_hub, list), "a call");
  for (auto who : {role::hub, role::verdict_helper})
    CHECK(text(who, list).find("InterfaceNotFound") != std::string::npos);
  auto said = [&](const std::string& method) {
    return text(role::operator_hub, call_of(method, "{}"));
  };
  CHECK(said("Nope").find("MethodNotFound") != std::string::npos);
  CHECK(said("AddRule").find("MethodNotImplemented") != std::string::npos);
  CHECK(said("Watch").find("ExpectedMore") != std::string::npos);
  CHECK(said("Quiet").find(R"({"parameter":"container"})")
        != std::string::npos);
  call info;
  info.method = "org.varlink.service.GetInfo";
  CHECK(text(role::operator_hub, info)
            .find(R"("interfaces":["org.terok.Clearance1",)"
                  R"("org.terok.ClearanceOperator1","org.varlink.service"])")
        != std::string::npos);
  info.method = "org.varlink.service.GetInterfaceDescription";
  info.parameters = {
      {"interface", parameter::kind::string, "org.terok.ClearanceOperator1"}};
  CHECK(text(role::operator_hub, info).find("method Decide")
        != std::string::npos);
  CHECK(text(role::hub, info).find("InterfaceNotFound") != std::string::npos);
}

TEST_CASE("a oneway call is carried out, but for one that watches") {
  auto x = call_of("Quiet", R"({"container":"c","on":true})");
  x.oneway = true;
  CHECK(std::holds_alternative<operator_call>(dispatch(role::operator_hub, x)));
  for (bool more : {false, true}) {
    auto y = call_of("Watch", "{}", more);
    y.oneway = true;
    auto result = dispatch(role::operator_hub, y);
    REQUIRE(std::holds_alternative<answered>(result));
    CHECK(std::get<answered>(result).reply.empty());
  }
}

} // namespace operator_call_tests
