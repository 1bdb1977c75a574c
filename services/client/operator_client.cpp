#include "services/client/operator_client.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/json/json_tree.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_message.hpp"
#include "services/client/prompt_batch.hpp"
#include "services/client/prompt_text.hpp"
#include "services/client/socket_owner.hpp"
#include "services/client/varlink_client.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"

#include <csignal>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

namespace varlink = protocol::varlink;
using protocol::json_members;
using protocol::json_tree;

/// How long the hub may take for what it only has to look up.
constexpr auto look_up_time_limit = 10s;
/// Longer than the hub's own limit: the hub's answer says more than ours.
constexpr auto decision_time_limit = protocol::limits::executor_deadline + 20s;

std::string default_socket() {
  return default_clearance_socket(runtime_directory());
}

/// Ends the command with exit code 1; the text is printable.
struct operator_failure {
  std::string why;
};

/// The error of `reply` in words, or nothing for an error without any.
std::string meaning_of(const varlink::reply& reply) {
  const std::string prefix = "org.terok.ClearanceOperator1.";
  if (reply.error == prefix + "NoSuchPrompt")
    return ": there is no such prompt any more; `terok-clearance list` shows "
           "those that wait";
  if (reply.error == prefix + "PromptChanged")
    return ": the prompt is not what it was, nothing was executed; look at it "
           "again";
  if (reply.error == prefix + "AlreadyDecided")
    return ": somebody has decided it, or is about to";
  if (reply.error == prefix + "DecisionFailed")
    return ": the firewall was not changed, the prompt waits again";
  if (reply.error == prefix + "ScopeNotSupported")
    return ": only an allow ends by itself, and only with a shield that can do "
           "it; leave --for out";
  if (reply.error == "org.varlink.service.InterfaceNotFound")
    return ": the hub keeps no prompts; start it without --no-prompts, or use "
           "`terok-clearance watch` and `verdict`";
  return {};
}

std::optional<json_tree> tree_of(const varlink::reply& reply,
                                 std::string_view name) {
  const auto* x = varlink::find(reply.parameters, name);
  if (x == nullptr || x->type == varlink::parameter::kind::null)
    return std::nullopt;
  return protocol::parse_json_tree(x->text);
}

std::string text_in(const varlink::reply& reply, std::string_view name) {
  const auto* x = varlink::find(reply.parameters, name);
  return x == nullptr ? std::string{} : x->text;
}

/// What stands below the line about an error: the prompt or the decision.
std::string about(const varlink::reply& reply, const std::string& socket,
                  const std::string& default_socket) {
  if (auto prompt = tree_of(reply, "prompt");
      prompt && prompt->type == json_tree::kind::object)
    return prompt_text(*prompt, socket, default_socket);
  if (auto made = tree_of(reply, "decision"))
    return decision_text(*made);
  return {};
}

/// A connection to one hub.
class operator_hub {
public:
  explicit operator_hub(const std::string& socket) : socket_(socket) {
    // Else a closed pipe at stdout ends the process before it can say what was
    // decided.
    std::signal(SIGPIPE, SIG_IGN);
    auto connected = connect_unix(socket, connect_time_limit);
    if (auto* error = std::get_if<connect_error>(&connected))
      throw operator_failure{
          cannot_connect(socket, *error, "--clearance-socket")};
    client_.emplace(std::move(std::get<descriptor>(connected)));
  }

  varlink::reply call(std::string_view message,
                      std::chrono::milliseconds limit) {
    return good(
        client_->call(message, std::chrono::steady_clock::now() + limit));
  }

  /// What a missing answer leaves unknown; stands in front of the cause.
  void set_doubt(std::string_view x) { doubt_ = x; }

  varlink::reply next(std::chrono::milliseconds limit) {
    return good(client_->next(std::chrono::steady_clock::now() + limit));
  }

private:
  using outcome_of_call = std::variant<varlink::reply, varlink_client::failure>;

  varlink::reply good(outcome_of_call x) {
    if (auto* failure = std::get_if<varlink_client::failure>(&x)) {
      auto foreign = foreign_owner(socket_);
      throw operator_failure{std::string{doubt_} + "the hub at "
                             + shown(socket_) + " " + failure->why
                             + (foreign.empty() ? "" : "; " + foreign)};
    }
    auto& reply = std::get<varlink::reply>(x);
    if (reply.error.empty())
      return std::move(reply);
    if (reply.error == "org.varlink.service.InterfaceNotFound"
        && !serves_clients())
      throw operator_failure{no_clients_text(socket_)};
    // A failed decision was accepted, and the shield could not carry it out.
    const bool tried =
        reply.error == "org.terok.ClearanceOperator1.DecisionFailed";
    auto why = (tried ? "failed: " : "refused: ") + shown(reply.error)
               + meaning_of(reply);
    if (auto more = about(reply, socket_, default_socket()); !more.empty())
      why += "\n" + more.substr(0, more.size() - 1);
    throw operator_failure{std::move(why)};
  }

  /// False only where the peer says what it serves, and a hub's interface is
  /// not among that.
  bool serves_clients() {
    std::string call;
    varlink::append_call(call, "org.varlink.service.GetInfo", {});
    const auto answer =
        client_->call(call, std::chrono::steady_clock::now() + 1s);
    const auto* reply = std::get_if<varlink::reply>(&answer);
    const auto* all = reply == nullptr
                          ? nullptr
                          : varlink::find(reply->parameters, "interfaces");
    return all == nullptr
           || all->text.find("\"org.terok.Clearance1\"") != std::string::npos;
  }

  std::string socket_;
  std::string_view doubt_; // a literal
  std::optional<varlink_client> client_;
};

/// Prints what `f` returns, or says why it failed. Returns the exit code. With
/// `done` something was done already, and is only told here.
template <class F>
int tell(F f, std::string_view done = {}) try {
  const auto why = print(f());
  if (why.empty())
    return exit_ok;
  complain(std::string{done} + why);
  return done.empty() ? exit_failed : exit_ok;
} catch (const operator_failure& x) {
  complain(x.why);
  return exit_failed;
}

/// Says it, if `socket` is the readers'.
bool is_readers_socket(const std::string& socket) {
  const auto why = readers_socket_fault(socket);
  if (!why.empty())
    complain(why);
  return !why.empty();
}

bool is_open(const json_tree& prompt) {
  const auto* state = prompt.find("state");
  return state != nullptr
         && (state->text == "waiting" || state->text == "deciding");
}

std::string json_line(const json_tree& x);

void append_tree(std::string& out, const json_tree& x) {
  std::string_view separator;
  switch (x.type) {
  case json_tree::kind::null:
    out += "null";
    break;
  case json_tree::kind::boolean:
  case json_tree::kind::number:
    out += x.text;
    break;
  case json_tree::kind::string:
    protocol::append_json(out, x.text);
    break;
  case json_tree::kind::array:
    out += '[';
    for (const auto& each : x.items) {
      out += separator;
      append_tree(out, each);
      separator = ",";
    }
    out += ']';
    break;
  case json_tree::kind::object:
    out += '{';
    for (const auto& [name, value] : x.members) {
      out += separator;
      protocol::append_json(out, name);
      out += ':';
      append_tree(out, value);
      separator = ",";
    }
    out += '}';
    break;
  }
}

std::string json_line(const json_tree& x) {
  std::string text;
  append_tree(text, x);
  return ascii_json(text) + '\n';
}

} // namespace

// The snapshot of `Watch` comes in pages, so a list of any length fits into
// messages of a length that clients take.
int list(const list_config& config) {
  if (is_readers_socket(config.clearance_socket))
    return exit_failed;
  if (!config.hosts.empty())
    return list_hosts(config);
  return tell([&] {
    operator_hub hub{config.clearance_socket};
    std::string result;
    const auto call = operator_message(
        "Watch", [](json_members& to) { to.text("name", "list"); }, true);
    for (auto reply = hub.call(call, look_up_time_limit);;
         reply = hub.next(look_up_time_limit)) {
      if (auto prompts = tree_of(reply, "prompts"))
        for (const auto& x : prompts->items) {
          const auto* container = x.find("container");
          if ((!config.container.empty()
               && (container == nullptr || container->text != config.container))
              || (!config.all && !is_open(x)))
            continue;
          result += config.json ? json_line(x)
                                : prompt_text(x, config.clearance_socket,
                                              default_socket());
        }
      if (text_in(reply, "complete") == "true")
        return result;
    }
  });
}

int decide(const decide_config& config) {
  if (is_readers_socket(config.clearance_socket))
    return exit_failed;
  if (!config.hosts.empty() || config.prompt.empty())
    return decide_many(config);
  return tell(
      [&] {
        operator_hub hub{config.clearance_socket};
        hub.set_doubt("it is not known whether this was decided: ");
        const auto reply = hub.call(
            operator_message("Decide",
                             [&](json_members& to) {
                               to.text("prompt", config.prompt);
                               to.number("revision", config.revision);
                               to.text("action", to_string(config.action));
                               to.text_if("reason", config.reason);
                               if (config.seconds)
                                 json_members{to.raw("scope")}.number(
                                     "seconds", *config.seconds);
                             }),
            decision_time_limit);
        const auto made = tree_of(reply, "decision");
        return made ? decision_text(*made) : std::string{};
      },
      "the decision was made, but ");
}

int history(const history_config& config) {
  if (is_readers_socket(config.clearance_socket))
    return exit_failed;
  return tell([&] {
    operator_hub hub{config.clearance_socket};
    const auto reply =
        hub.call(operator_message("History",
                                  [&](json_members& to) {
                                    to.number_if("limit", config.limit);
                                    to.text_if("container", config.container);
                                  }),
                 look_up_time_limit);
    std::string result;
    if (const auto all = tree_of(reply, "decisions"))
      for (const auto& x : all->items)
        result += config.json ? json_line(x) : decision_text(x);
    return result;
  });
}

int explain(const explain_config& config) {
  if (is_readers_socket(config.clearance_socket))
    return exit_failed;
  return tell([&] {
    operator_hub hub{config.clearance_socket};
    const auto text = [](std::string& out, const std::string& x) {
      protocol::append_json(out, x);
    };
    const auto reply = hub.call(
        operator_message("Explain",
                         [&](json_members& to) {
                           to.text_if("prompt", config.prompt);
                           to.text_if("container", config.container);
                           to.text_if("target", config.target);
                           to.texts("dossier", config.dossier);
                           to.list("addresses", config.addresses, text);
                           to.list("ports", config.ports,
                                   [](std::string& out, std::int64_t x) {
                                     out += std::to_string(x);
                                   });
                         }),
        look_up_time_limit);
    std::string result = text_in(reply, "decision") + "\n";
    auto add = [&](std::string_view name, std::string_view what) {
      const auto all = tree_of(reply, name);
      if (!all)
        return;
      for (const auto& x : all->items) {
        result += what;
        result += shown(x.text) + "\n";
      }
    };
    add("rules", "rule: ");
    add("unknown", "unknown: ");
    return result + protocol::escaped(text_in(reply, "opens")) + "\n";
  });
}

} // namespace clearance::services
