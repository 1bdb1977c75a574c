#include "services/client/verdict.hpp"

#include "protocol/base/limits.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/request_fate.hpp"
#include "services/client/socket_owner.hpp"
#include "services/client/varlink_client.hpp"
#include "services/process/exit_code.hpp"

#include <csignal>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

namespace varlink = protocol::varlink;

/// Longer than the hub's own limit: the hub's answer says more than ours.
constexpr auto verdict_time_limit = protocol::limits::executor_deadline + 10s;

int failed(const std::string& what) {
  complain(what);
  return exit_failed;
}

/// Another user's hub closes the connection without a word.
std::string whose(const std::string& path) {
  auto foreign = foreign_owner(path);
  return foreign.empty() ? foreign : "; " + foreign;
}

bool is_ok(const varlink::reply& reply) {
  for (const auto& x : reply.parameters)
    if (x.name == "ok")
      return x.type == varlink::parameter::kind::boolean && x.text == "true";
  return false;
}

std::string text_of(const varlink::reply& reply, std::string_view name) {
  for (const auto& x : reply.parameters)
    if (x.name == name)
      return shown(x.text);
  return shown("");
}

/// The reply says no more than that, but the hub's prompts may. Else all causes
/// are listed.
std::string why_unknown(const verdict_config& config) {
  const auto known =
      fate_of_request(config.clearance_socket, config.container, config.dest);
  return ": the hub has no open request of this id; "
         + (known.empty()
                ? "it was answered already or is being answered, or its "
                  "container or shield is gone, or the hub was restarted or "
                  "dropped it, or it never was at this hub"
                : known);
}

/// The error of `reply` in words, or nothing for an error that this program
/// does not know.
std::string explanation(const varlink::reply& reply,
                        const verdict_config& config) {
  const std::string prefix = "org.terok.Clearance1.";
  if (reply.error == prefix + "UnknownRequest")
    return why_unknown(config);
  if (reply.error == "org.varlink.service.InterfaceNotFound")
    return ": " + no_clients_text(config.clearance_socket);
  if (reply.error == prefix + "VerdictTupleMismatch")
    return ": the open request of this id is of container "
           + text_of(reply, "expected_container") + " and destination "
           + text_of(reply, "expected_dest");
  if (reply.error == prefix + "ShieldCliFailed")
    return ": the firewall was not changed, and the request stays open if its "
           "container is still there";
  return {};
}

/// What the hub did not do. A failed verdict was accepted, and the shield could
/// not carry it out; a refused one was not tried.
std::string refusal_text(const varlink::reply& reply,
                         const verdict_config& config) {
  bool tried = reply.error == "org.terok.Clearance1.ShieldCliFailed";
  std::string text = (tried ? "failed: " : "refused: ") + shown(reply.error);
  for (const auto& x : reply.parameters)
    text += " " + shown(x.name) + "=" + shown(x.text);
  return text + explanation(reply, config);
}

} // namespace

int verdict(const verdict_config& config) {
  // Else a closed pipe at stdout ends the process before it can say that the
  // verdict was applied.
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto why = readers_socket_fault(config.clearance_socket);
      !why.empty())
    return failed(why);
  auto connected = connect_unix(config.clearance_socket, connect_time_limit);
  if (auto* error = std::get_if<connect_error>(&connected))
    return failed(
        cannot_connect(config.clearance_socket, *error, "--clearance-socket"));
  varlink_client hub{std::move(std::get<descriptor>(connected))};
  auto action = to_string(config.action);
  auto result = hub.call("org.terok.Clearance1.Verdict",
                         {{"container", config.container},
                          {"request_id", config.request_id},
                          {"dest", config.dest},
                          {"action", action}},
                         std::chrono::steady_clock::now() + verdict_time_limit);
  if (auto* failure = std::get_if<varlink_client::failure>(&result))
    return failed("it is not known whether the verdict was applied: the hub at "
                  + shown(config.clearance_socket) + " " + failure->why
                  + whose(config.clearance_socket));
  const auto& reply = std::get<varlink::reply>(result);
  if (!reply.error.empty())
    return failed(refusal_text(reply, config));
  if (!is_ok(reply))
    return failed("failed: the hub answered without ok");
  auto why =
      print(std::string{action} + " applied: " + shown(config.container) + " "
            + shown(config.dest) + " (" + shown(config.request_id) + ")\n");
  // Exit code 1 would say that nothing was applied.
  if (!why.empty())
    complain("the verdict was applied, but " + why);
  return exit_ok;
}

} // namespace clearance::services
