#include "services/client/verdict.hpp"

#include "protocol/base/limits.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/varlink_client.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/standard_descriptors.hpp"

#include <csignal>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

namespace varlink = protocol::varlink;

/// For a place in the hub's queue of connections.
constexpr auto connect_time_limit = 5s;

/// Longer than the hub's own: its answer wins, and says more.
constexpr auto answer_time_limit = protocol::limits::executor_deadline + 10s;

int failed(const std::string& what) {
  complain(what);
  return exit_failed;
}

bool is_ok(const varlink::reply& reply) {
  for (const auto& x : reply.parameters)
    if (x.name == "ok")
      return x.type == varlink::parameter::kind::boolean && x.text == "true";
  return false;
}

std::string refusal_text(const varlink::reply& reply) {
  std::string text = "refused: " + shown(reply.error);
  for (const auto& x : reply.parameters)
    text += " " + shown(x.name) + "=" + shown(x.text);
  return text;
}

} // namespace

int verdict(const verdict_config& config) {
  // Else a closed pipe at stdout ends the process before it can say that the
  // verdict was applied.
  std::signal(SIGPIPE, SIG_IGN);
  auto connected = connect_unix(config.clearance_socket, connect_time_limit);
  if (auto* error = std::get_if<connect_error>(&connected))
    return failed(cannot_connect(config.clearance_socket, *error));
  varlink_client hub{std::move(std::get<descriptor>(connected))};
  auto action = to_string(config.action);
  auto result = hub.call("org.terok.Clearance1.Verdict",
                         {{"container", config.container},
                          {"request_id", config.request_id},
                          {"dest", config.dest},
                          {"action", action}},
                         std::chrono::steady_clock::now() + answer_time_limit);
  if (auto* failure = std::get_if<varlink_client::failure>(&result))
    return failed("the hub at " + shown(config.clearance_socket) + " "
                  + failure->why);
  const auto& reply = std::get<varlink::reply>(result);
  if (!reply.error.empty())
    return failed(refusal_text(reply));
  if (!is_ok(reply))
    return failed("refused: the hub answered without ok");
  auto why =
      print(std::string{action} + " applied: " + shown(config.container) + " "
            + shown(config.dest) + " (" + shown(config.request_id) + ")\n");
  // Who starts the program without stdout does not want the text.
  if (why.empty() || !has_stdout())
    return exit_ok;
  // Who reads exit code 1 must not believe that the connection is still
  // blocked.
  return failed("the verdict was applied, but " + why);
}

} // namespace clearance::services
