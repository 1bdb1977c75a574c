#include "services/client/request_fate.hpp"

#include "protocol/text/utc.hpp"
#include "services/client/prompt_text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/client/varlink_client.hpp"

#include <chrono>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;
namespace varlink = protocol::varlink;
using protocol::json_tree;

// The verdict is answered already: this only says more.
constexpr auto fate_time_limit = 2s;

std::string member_text(const json_tree& x, std::string_view name) {
  const auto* member = x.find(name);
  return member == nullptr ? std::string{} : member->string().value_or("");
}

std::string time_of(const json_tree& x, std::string_view name) {
  const auto* member = x.find(name);
  const auto at = member == nullptr ? 0 : member->integer().value_or(0);
  return protocol::extended_utc(
      std::chrono::sys_seconds{std::chrono::seconds{at / 1'000'000}});
}

std::string fate_of_gone(const std::string& why) {
  if (why == "container_exited")
    return "its container has ended";
  if (why == "shield_down" || why == "shield_disengaged")
    return "the firewall of its container was taken down";
  return "the hub has dropped it, because its container had too many";
}

bool is_of(const json_tree& prompt, std::string_view container,
           std::string_view target) {
  return member_text(prompt, "container") == container
         && (member_text(prompt, "target") == target
             || member_text(prompt, "domain") == target);
}

std::optional<json_tree> parameter_of(const varlink::reply& x,
                                      std::string_view name) {
  const auto* found = varlink::find(x.parameters, name);
  if (found == nullptr)
    return std::nullopt;
  return protocol::parse_json_tree(found->text);
}

} // namespace

std::string fate_text(const std::optional<json_tree>& prompt,
                      const json_tree& hub) {
  if (!prompt)
    return "the hub, which runs since " + time_of(hub, "since")
           + ", knows no block of this container and destination: it never was"
             " at this hub, or the hub was restarted since, or it was answered"
             " more than 10 minutes ago";
  const auto state = member_text(*prompt, "state");
  const auto* made = prompt->find("decision");
  if (state == "deciding")
    return "it is being answered";
  if (state == "decided" && made != nullptr) {
    auto text = decision_text(*made);
    text.pop_back();
    return "it was answered already: " + text;
  }
  if (state == "gone")
    return fate_of_gone(member_text(*prompt, "why"));
  return "another request for this destination waits: "
         "`terok-clearance list` shows how to answer it";
}

std::string fate_of_request(const std::string& socket,
                            std::string_view container,
                            std::string_view target) {
  const auto deadline = std::chrono::steady_clock::now() + fate_time_limit;
  auto connected = connect_unix(socket, connect_time_limit);
  if (std::holds_alternative<connect_error>(connected))
    return {};
  varlink_client client{std::move(std::get<descriptor>(connected))};
  std::string call = R"({"method":"org.terok.ClearanceOperator1.Watch",)"
                     R"("parameters":{"name":"verdict"},"more":true})";
  call += '\0';
  json_tree hub;
  std::optional<json_tree> newest;
  for (auto got = client.call(call, deadline);; got = client.next(deadline)) {
    const auto* reply = std::get_if<varlink::reply>(&got);
    if (reply == nullptr || !reply->error.empty())
      return {};
    if (auto state = parameter_of(*reply, "hub"))
      hub = std::move(*state);
    if (auto page = parameter_of(*reply, "prompts"))
      for (auto& x : page->items)
        if (is_of(x, container, target))
          newest = std::move(x);
    if (const auto* end = varlink::find(reply->parameters, "complete");
        end != nullptr && end->text == "true")
      return fate_text(newest, hub);
  }
}

} // namespace clearance::services
