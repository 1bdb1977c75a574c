// Valid calls, and calls with mistakes in them, to hub and helper. Source:
// clearance.md, section 7.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

namespace varlink_tests {

namespace {

using namespace clearance::test;

constexpr auto get_info = "org.varlink.service.GetInfo";
constexpr auto describe = "org.varlink.service.GetInterfaceDescription";

varlink_reply invalid_parameter(std::string_view name) {
  return failure("org.varlink.service.InvalidParameter", {{"parameter", name}});
}

std::string described(varlink_client& client, std::string_view interface) {
  const auto reply =
      client.call(describe, object_of({{"interface", interface}}));
  REQUIRE(reply.error == "");
  REQUIRE(reply.parameters.members().size() == 1);
  return reply.parameters["description"].text();
}

void check_contains(const std::string& text,
                    std::initializer_list<const char*> parts) {
  for (auto part : parts) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

} // namespace

TEST_CASE("GetInfo names vendor, product, url and the interfaces, sorted") {
  operation x{executor::helper};
  auto hub = x.server.client();
  varlink_client helper{x.where.verdict()};
  auto info = hub.call(get_info);
  CHECK(info.error == "");
  const auto version = info.parameters["version"].text();
  CHECK(version == CLEARANCE_VERSION);
  auto expected = [&](const std::string& product, const std::string& own) {
    return success(R"({"vendor":"terok","product":")" + product
                   + R"(","version":")" + version
                   + R"(","url":"https://github.com/terok-ai/terok-clearance",)"
                     R"("interfaces":[")"
                   + own + R"(","org.varlink.service"]})");
  };
  CHECK(info
        == expected("terok-clearance",
                    R"(org.terok.Clearance1","org.terok.ClearanceOperator1)"));
  CHECK(helper.call(get_info, "{}")
        == expected(
            "terok-clearance-verdict",
            R"(org.terok.ClearanceShield1","org.terok.ClearanceVerdict1)"));
}

TEST_CASE("every interface is described, errors included") {
  operation x{executor::helper};
  auto hub = x.server.client();
  varlink_client helper{x.where.verdict()};
  check_contains(described(hub, "org.terok.Clearance1"),
                 {"interface org.terok.Clearance1", "method Subscribe()",
                  "method Verdict(", "error InvalidAction",
                  "error UnknownRequest", "error VerdictTupleMismatch",
                  "error ShieldCliFailed", "expected_container: string",
                  "dossier: [string]string"});
  check_contains(described(hub, "org.terok.ClearanceOperator1"),
                 {"interface org.terok.ClearanceOperator1", "method Watch(",
                  "method Decide(", "error PromptChanged"});
  check_contains(described(helper, "org.terok.ClearanceVerdict1"),
                 {"interface org.terok.ClearanceVerdict1", "method Apply(",
                  "stderr: string"});
  check_contains(described(helper, "org.terok.ClearanceShield1"),
                 {"interface org.terok.ClearanceShield1",
                  "method Capabilities()", "seconds: ?int"});
  for (auto client : {&hub, &helper})
    check_contains(described(*client, "org.varlink.service"),
                   {"interface org.varlink.service", "method GetInfo()",
                    "method GetInterfaceDescription(", "error ExpectedMore",
                    "error InterfaceNotFound", "error InvalidParameter",
                    "error MethodNotFound"});
}

TEST_CASE("unknown interfaces and methods are named") {
  operation x{executor::helper};
  for (const auto& path : {x.where.clearance(), x.where.verdict()}) {
    varlink_client client{path};
    CHECK(client.call("org.example.Other.Method")
          == failure("org.varlink.service.InterfaceNotFound",
                     {{"interface", "org.example.Other"}}));
    CHECK(client.call("org.varlink.service.Nothing")
          == failure("org.varlink.service.MethodNotFound",
                     {{"method", "Nothing"}}));
    CHECK(client.call(describe, R"({"interface":"org.example.Other"})")
          == failure("org.varlink.service.InterfaceNotFound",
                     {{"interface", "org.example.Other"}}));
  }
  // Hub and helper each have only their own interface.
  CHECK(x.server.client().call("org.terok.ClearanceVerdict1.Apply")
        == failure("org.varlink.service.InterfaceNotFound",
                   {{"interface", "org.terok.ClearanceVerdict1"}}));
  CHECK(varlink_client{x.where.verdict()}.call("org.terok.Clearance1.Verdict")
        == failure("org.varlink.service.InterfaceNotFound",
                   {{"interface", "org.terok.Clearance1"}}));
  CHECK(
      x.server.client().call("org.terok.Clearance1.Apply")
      == failure("org.varlink.service.MethodNotFound", {{"method", "Apply"}}));
  CHECK(varlink_client{x.where.verdict()}.call(
            "org.terok.ClearanceVerdict1.Verdict")
        == failure("org.varlink.service.MethodNotFound",
                   {{"method", "Verdict"}}));
}

TEST_CASE("a missing, mistyped, null or unknown parameter is named") {
  operation x{executor::helper};
  struct method {
    std::filesystem::path path;
    std::string name;
    std::vector<std::string> parameters;
  };
  const method methods[] = {
      {x.where.clearance(),
       "org.terok.Clearance1.Verdict",
       {"container", "request_id", "dest", "action"}},
      {x.where.verdict(),
       "org.terok.ClearanceVerdict1.Apply",
       {"container", "dest", "action"}},
      {x.where.clearance(), describe, {"interface"}},
      {x.where.verdict(), describe, {"interface"}},
      {x.where.clearance(), get_info, {}},
      {x.where.verdict(), get_info, {}},
  };
  // A call whose parameters are all right except `odd`, which has `value`.
  // Without a value the call has no `odd`.
  auto with = [](const method& m, const std::string& odd,
                 const std::string& value) {
    std::string inside;
    auto add = [&](const std::string& name, const std::string& text) {
      inside += (inside.empty() ? "\"" : ",\"") + name + "\":" + text;
    };
    for (const auto& name : m.parameters)
      if (name != odd)
        add(name, "\"x\"");
      else if (!value.empty())
        add(name, value);
    if (odd == "surplus")
      add(odd, value);
    return "{" + inside + "}";
  };
  for (const auto& m : methods) {
    CAPTURE(m.name);
    varlink_client client{m.path};
    for (const auto& name : m.parameters)
      for (auto value : {"", "null", "1", "1.5", "true", "[]", "{}"}) {
        CAPTURE(value);
        CHECK(client.call(m.name, with(m, name, value))
              == invalid_parameter(name));
      }
    CHECK(client.call(m.name, with(m, "surplus", "\"x\""))
          == invalid_parameter("surplus"));
    if (!m.parameters.empty())
      CHECK(client.call(m.name) == invalid_parameter(m.parameters[0]));
  }
  CHECK(x.shield.waiting_runs() == 0);
  varlink_client subscriber{x.where.clearance()};
  subscriber.send("org.terok.Clearance1.Subscribe", R"({"x":1})",
                  R"("more":true)");
  CHECK(subscriber.next_reply() == invalid_parameter("x"));
}

TEST_CASE("Subscribe without more is refused, and the connection stays") {
  const runtime where;
  hub server{where};
  auto client = server.client();
  for (auto flags : {"", R"("more":false)"}) {
    client.send("org.terok.Clearance1.Subscribe", {}, flags);
    CHECK(client.next_reply()
          == failure("org.varlink.service.ExpectedMore", {}));
  }
  CHECK(client.call(get_info).error == "");
}

TEST_CASE("a oneway call gets no reply, not even an error") {
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  auto client = x.server.client();
  constexpr auto oneway = R"("oneway":true)";
  client.send(get_info, {}, oneway);
  client.send("org.example.Other.Method", {}, oneway);
  client.send("org.terok.Clearance1.Subscribe", {}, oneway);
  client.send("org.terok.Clearance1.Verdict", R"({"container":1})", oneway);
  client.send("org.terok.Clearance1.Verdict",
              R"({"container":"c1","request_id":"c1:1",)"
              R"("dest":"203.0.113.7","action":"deny"})",
              oneway);
  // The next reply is the next call's.
  CHECK(client.call("org.example.Mark.Method")
        == failure("org.varlink.service.InterfaceNotFound",
                   {{"interface", "org.example.Mark"}}));
  // A oneway verdict is executed, too.
  CHECK(x.shield.next_run().arguments
        == std::vector<std::string>{"deny", "c1", "203.0.113.7"});
  CHECK(watcher.next_event().type == "verdict_applied");
}

TEST_CASE("flags that do not apply and unknown members have no effect") {
  const runtime where;
  hub server{where};
  auto client = server.client();
  const auto plain = client.call(get_info);
  for (auto members :
       {R"("more":true)", R"("more":false,"oneway":false,"upgrade":false)",
        R"("upgrade":true)", R"("x":[1,{"y":null}],"method2":"z")"}) {
    CAPTURE(members);
    client.send(get_info, {}, members);
    CHECK(client.next_reply() == plain);
  }
  client.send(get_info);
  CHECK(client.next_reply() == plain);
}

TEST_CASE("calls are answered one after another, however they arrive") {
  operation x{executor::helper};
  std::string bytes;
  constexpr int count = 50;
  for (int i = 0; i < count; ++i)
    bytes += call_bytes("org.example.I" + std::to_string(i) + ".Method");
  auto step = bytes.size();
  SUBCASE("in one write") {
    step = bytes.size();
  }
  SUBCASE("byte by byte") {
    step = 1;
  }
  SUBCASE("cut at odd places") {
    step = 13;
  }
  for (const auto& path : {x.where.clearance(), x.where.verdict()}) {
    varlink_client client{path};
    for (std::size_t i = 0; i < bytes.size(); i += step)
      client.socket().send_apart(std::string_view(bytes).substr(i, step));
    for (int i = 0; i < count; ++i)
      CHECK(client.next_reply()
            == failure("org.varlink.service.InterfaceNotFound",
                       {{"interface", "org.example.I" + std::to_string(i)}}));
  }
}

TEST_CASE("replies come in the order of the calls, slow verdicts included") {
  operation x{each_executor(), "wait exit 0"};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  auto client = x.server.client();
  client.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
  client.send(get_info);
  x.shield.next_run();
  // Other clients are served meanwhile; this connection waits.
  CHECK(x.server.client().call(get_info).error == "");
  CHECK_FALSE(client.socket().readable());
  x.shield.release();
  CHECK(client.next_reply() == success(R"({"ok":true})"));
  CHECK(client.next_reply().parameters["vendor"].text() == "terok");
}

TEST_CASE("calls before a half-close are answered, then the stream ends") {
  operation x{executor::helper, "wait exit 0"};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  auto client = x.server.client();
  client.send(get_info);
  client.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
  client.send(get_info);
  client.socket().half_close();
  x.shield.next_run();
  x.shield.release();
  CHECK(client.next_reply().error == "");
  CHECK(client.next_reply() == success(R"({"ok":true})"));
  CHECK(client.next_reply().error == "");
  CHECK(client.socket().read_to_end() == "");
  varlink_client helper{x.where.verdict()};
  helper.send(get_info);
  helper.socket().half_close();
  CHECK(helper.next_reply().error == "");
  CHECK(helper.socket().read_to_end() == "");
}

} // namespace varlink_tests
