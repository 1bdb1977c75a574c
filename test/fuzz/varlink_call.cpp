// Input: a client's bytes. Every message is parsed in place and from a copy and
// compared with simdjson's DOM. Both services answer each call; the answer must
// be a message that a client can read, and must be declared in the interface
// description.

#include "protocol/base/framing.hpp"
#include "protocol/json/json_tree.hpp"
#include "protocol/varlink/dispatch.hpp"
#include "protocol/varlink/message.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/support/wire/idl.hpp"
#include "test/support/wire/json.hpp"

#include <simdjson.h>

#include <set>
#include <string>
#include <tuple>

namespace varlink_call_fuzzer {

namespace {

using namespace clearance;
using namespace clearance::protocol::varlink;
using test::idl_interface;
using test::idl_member;
using test::json;
using test::require;

bool same(const call& a, const call& b) {
  auto parts = [](const call& x) {
    return std::tie(x.method, x.more, x.oneway, x.upgrade);
  };
  return parts(a) == parts(b)
         && std::equal(a.parameters.begin(), a.parameters.end(),
                       b.parameters.begin(), b.parameters.end(),
                       [](const parameter& x, const parameter& y) {
                         return std::tie(x.name, x.type, x.text)
                                == std::tie(y.name, y.type, y.text);
                       });
}

/// The DOM has a limit for numbers, which JSON has not, and nests deeper.
void check_refusal(std::string_view message, std::string_view why) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element top;
  auto error = parser.parse(message.data(), message.size()).get(top);
  if (error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR
      || why == "nested too deep")
    return;
  bool refused = why == "not JSON" || why == "not a JSON object";
  bool is_object = error == simdjson::SUCCESS && top.is_object();
  require(refused != is_object, "agreement on what is a JSON object");
}

/// Whether an object's members are the declared ones, in that order.
bool declared(const json& parameters, const test::idl_fields& fields) {
  const auto& members = parameters.members();
  return std::equal(members.begin(), members.end(), fields.begin(),
                    fields.end(), [](const auto& member, const auto& field) {
                      return member.first == field.first;
                    });
}

/// Only calls of org.varlink.service are answered by dispatch itself.
void check_declared(const json& reply, const call& x) {
  static const auto service = idl_interface::parse(idl::service);
  const std::string prefix = service.name + ".";
  const auto& parameters = reply["parameters"];
  if (reply.has("error")) {
    const auto& error = reply["error"].text();
    require(error.starts_with(prefix)
                && declared(parameters, service
                                            .member(idl_member::kind::error,
                                                    error.substr(prefix.size()))
                                            .fields),
            "an error as it is declared");
    return;
  }
  require(
      x.method.starts_with(prefix)
          && declared(parameters, service
                                      .member(idl_member::kind::method,
                                              x.method.substr(prefix.size()))
                                      .replies),
      "a reply as it is declared");
  if (parameters.has("description"))
    require(idl_interface::parse(parameters["description"].text()).name
                == find(x.parameters, "interface")->text,
            "the description that was asked for");
}

void check_answer(const std::string& reply, const call& x) {
  require(x.oneway == reply.empty(), "an answer unless it is oneway");
  if (reply.empty())
    return;
  require(reply.find('\0') == reply.size() - 1, "one NUL, at the end");
  auto text = std::string_view{reply}.substr(0, reply.size() - 1);
  check_declared(json::parse(text), x); // throws unless it is JSON
  auto back = parse_reply(text);
  require(std::holds_alternative<protocol::varlink::reply>(back),
          "a reply to a client");
}

// What was read of a call of the operator interface.
void check_operator_call(const operator_call& y, const call& x) {
  auto is_text = [&](std::string_view name, const std::string& text) {
    const auto* p = find(x.parameters, name);
    return text.empty() || (p != nullptr && p->text == text);
  };
  if (const auto* made = std::get_if<decide_call>(&y))
    require(is_text("prompt", made->prompt) && is_text("action", made->action)
                && is_text("reason", made->reason)
                && is_text("name", made->name)
                && find(x.parameters, "revision")->text
                       == std::to_string(made->revision),
            "a decision is what was said");
  else if (const auto* quiet = std::get_if<quiet_call>(&y))
    require(is_text("container", quiet->container)
                && (find(x.parameters, "on")->text == "true") == quiet->on,
            "quiet is what was said");
  else if (const auto* asked = std::get_if<explain_call>(&y))
    require(is_text("target", asked->target)
                && is_text("container", asked->container),
            "a question is what was said");
  else if (std::holds_alternative<watch_call>(y))
    require(x.more && !x.oneway, "a client that watches asks for more");
}

void check_dispatch(role who, const call& x) {
  auto result = dispatch(who, x);
  if (auto* op = std::get_if<operator_call>(&result)) {
    require(who == role::operator_hub, "a hub with operators");
    check_operator_call(*op, x);
  } else if (auto* said = std::get_if<answered>(&result))
    check_answer(said->reply, x);
  else if (auto* y = std::get_if<verdict_call>(&result))
    require(who != role::verdict_helper && x.parameters.size() == 4
                && y->container == find(x.parameters, "container")->text
                && y->request_id == find(x.parameters, "request_id")->text
                && y->dest == find(x.parameters, "dest")->text
                && y->action == find(x.parameters, "action")->text,
            "a verdict is what was said");
  else if (auto* z = std::get_if<apply_call>(&result))
    require(who == role::verdict_helper && x.parameters.size() == 3
                && z->container == find(x.parameters, "container")->text
                && z->dest == find(x.parameters, "dest")->text
                && z->action == find(x.parameters, "action")->text,
            "an apply is what was said");
  else
    require(who != role::verdict_helper && x.more && !x.oneway
                && x.parameters.empty(),
            "a subscription asks for more");
}

void check_call(const call& x) {
  auto dot = x.method.rfind('.');
  require(dot != std::string::npos && dot > 0 && dot + 1 < x.method.size(),
          "a qualified method");
  std::set<std::string> names;
  std::vector<std::pair<std::string_view, std::string_view>> texts;
  for (const auto& p : x.parameters) {
    require(names.insert(p.name).second, "each parameter once");
    require(simdjson::validate_utf8(p.text), "texts are UTF-8");
    require(p.type != parameter::kind::boolean || p.text == "true"
                || p.text == "false",
            "a boolean's text");
    require(p.type != parameter::kind::null || p.text.empty(),
            "no text of what has none");
    require(p.type != parameter::kind::other
                || protocol::parse_json_tree(p.text).has_value(),
            "the source text of a value");
    if (p.type == parameter::kind::string)
      texts.emplace_back(p.name, p.text);
  }
  check_dispatch(role::hub, x);
  check_dispatch(role::operator_hub, x);
  check_dispatch(role::verdict_helper, x);
  if (texts.size() != x.parameters.size())
    return;
  std::string bytes;
  append_call(bytes, x.method, texts, x.more);
  require(bytes.find('\0') == bytes.size() - 1, "one NUL, at the end");
  auto back = parse_call(std::string_view{bytes}.substr(0, bytes.size() - 1));
  auto expected = x;
  expected.oneway = expected.upgrade = false;
  require(std::holds_alternative<call>(back)
              && same(std::get<call>(back), expected),
          "a call that is written reads back");
}

void run(const std::uint8_t* data, std::size_t size) {
  protocol::frame_batch batch;
  auto framer = protocol::nul_framer();
  framer.feed(test::as_text(data, size), batch);
  framer.finish(batch); // most inputs have no final NUL
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto message = batch.at(i);
    auto x = parse_call(message, batch.capacity_at(i));
    auto y = parse_call(std::string{message});
    require(x.index() == y.index(), "the same outcome wherever it stands");
    if (auto* bad = std::get_if<malformed>(&x)) {
      require(!bad->why.empty(), "malformed for a reason");
      check_refusal(message, bad->why);
      continue;
    }
    check_refusal(message, "");
    require(same(std::get<call>(x), std::get<call>(y)), "the same call");
    check_call(std::get<call>(x));
  }
}

const test::fuzzer registered{"varlink_call", run};

} // namespace

} // namespace varlink_call_fuzzer
