#include "test/support/wire/idl.hpp"

#include "protocol/varlink/dispatch.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace idl_tests {

using namespace clearance::test;
namespace idl = clearance::protocol::varlink::idl;

namespace {

/// A description that is valid if `members` are.
std::string description(const std::string& members) {
  return "interface a.b\n" + members + "\n";
}

void check_refused(const std::string& text) {
  CHECK_THROWS_AS_MESSAGE(idl_interface::parse(text), std::runtime_error, text);
}

} // namespace

TEST_CASE("the checker accepts what the grammar allows") {
  auto x = idl_interface::parse("# a\n\ninterface org.ex-ample.1a # b\n"
                                "type T(a_b:?[]int,c2:[string]U)# c\n"
                                "type U (\n # d\n x : object\n , y : bool )\n"
                                "\nmethod M() -> (t: T)\nerror E ( )\n# e\n");
  CHECK(x.name == "org.ex-ample.1a");
  REQUIRE(x.members.size() == 4);
  CHECK(x.members[0].fields
        == idl_fields{{"a_b", "?[]int"}, {"c2", "[string]U"}});
  CHECK(x.members[1].fields == idl_fields{{"x", "object"}, {"y", "bool"}});
  CHECK(x.members[2].replies == idl_fields{{"t", "T"}});
  CHECK(x.members[3].what == idl_member::kind::error);
}

TEST_CASE("the checker refuses what the grammar does not allow") {
  CHECK_NOTHROW(idl_interface::parse(description("method M() -> ()")));
  for (auto text : {"method m() -> ()",
                    "method M -> ()",
                    "method M() ()",
                    "method M()",
                    "methodM() -> ()",
                    "method M() -> () error E ()",
                    "error E",
                    "error E (a: string,)",
                    "error E (a string)",
                    "error E (a: String)",
                    "error E (a: str)",
                    "error E (a: ??int)",
                    "error E (a: [int]string)",
                    "error E (_a: int)",
                    "error E (a_: int)",
                    "error E (a__b: int)",
                    "error E (1: int)",
                    "error E (a: int, a: int)",
                    "Error E ()",
                    "error E ()\ntype E ()",
                    "type T (x: U)",
                    "",
                    "# nothing",
                    "fail",
                    "error E_F ()",
                    "error E (\"a\": int)",
                    "error E () // no"})
    check_refused(description(text));
  for (auto name :
       {"a", ".a.b", "a..b", "a.b.", "1.b", "a.-b", "a.b-", "a_b.c"})
    check_refused("interface " + std::string{name} + "\nerror E ()\n");
  check_refused("error E ()\n");
  check_refused("interface a.b error E ()\n");
  check_refused("interface a.b\nerror E ()");
}

TEST_CASE("all three descriptions are valid and name their interface") {
  CHECK(idl_interface::parse(idl::service).name == "org.varlink.service");
  CHECK(idl_interface::parse(idl::clearance).name == "org.terok.Clearance1");
  CHECK(idl_interface::parse(idl::clearance_verdict).name
        == "org.terok.ClearanceVerdict1");
}

TEST_CASE("org.varlink.service is described as in the standard") {
  using kind = idl_member::kind;
  auto x = idl_interface::parse(idl::service);
  CHECK(x.members.size() == 8);
  const auto& info = x.member(kind::method, "GetInfo");
  CHECK(info.fields.empty());
  CHECK(info.replies
        == idl_fields{{"vendor", "string"},
                      {"product", "string"},
                      {"version", "string"},
                      {"url", "string"},
                      {"interfaces", "[]string"}});
  const auto& text = x.member(kind::method, "GetInterfaceDescription");
  CHECK(text.fields == idl_fields{{"interface", "string"}});
  CHECK(text.replies == idl_fields{{"description", "string"}});
  for (auto [name, field] : {std::pair{"InterfaceNotFound", "interface"},
                             std::pair{"MethodNotFound", "method"},
                             std::pair{"MethodNotImplemented", "method"},
                             std::pair{"InvalidParameter", "parameter"}})
    CHECK(x.member(kind::error, name).fields == idl_fields{{field, "string"}});
  for (auto name : {"PermissionDenied", "ExpectedMore"})
    CHECK(x.member(kind::error, name).fields.empty());
}

TEST_CASE("our own interfaces are described as in the contract") {
  using kind = idl_member::kind;
  auto x = idl_interface::parse(idl::clearance);
  CHECK(x.members.size() == 7);
  CHECK(x.member(kind::type, "ClearanceEvent").fields
        == idl_fields{{"type", "string"},
                      {"container", "string"},
                      {"request_id", "string"},
                      {"dest", "string"},
                      {"port", "int"},
                      {"proto", "int"},
                      {"domain", "string"},
                      {"action", "string"},
                      {"ok", "bool"},
                      {"reason", "string"},
                      {"dossier", "[string]string"}});
  CHECK(x.member(kind::method, "Subscribe").fields.empty());
  CHECK(x.member(kind::method, "Subscribe").replies
        == idl_fields{{"event", "ClearanceEvent"}});
  CHECK(x.member(kind::method, "Verdict").fields
        == idl_fields{{"container", "string"},
                      {"request_id", "string"},
                      {"dest", "string"},
                      {"action", "string"}});
  CHECK(x.member(kind::method, "Verdict").replies
        == idl_fields{{"ok", "bool"}});
  auto y = idl_interface::parse(idl::clearance_verdict);
  CHECK(y.members.size() == 1);
  CHECK(y.member(kind::method, "Apply").fields
        == idl_fields{
            {"container", "string"}, {"dest", "string"}, {"action", "string"}});
  CHECK(y.member(kind::method, "Apply").replies
        == idl_fields{{"ok", "bool"}, {"stderr", "string"}});
}

} // namespace idl_tests
