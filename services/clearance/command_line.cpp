#include "services/clearance/command_line.hpp"

#include "services/clearance/audit_command_line.hpp"
#include "services/clearance/help.hpp"
#include "services/clearance/interface_command_line.hpp"
#include "services/clearance/operator_command_line.hpp"
#include "services/clearance/option_words.hpp"
#include "services/clearance/policy_command_line.hpp"
#include "services/cli/usage.hpp"
#include "services/process/paths.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

// CLI11 checks each option by itself and knows which options exclude each
// other. finish() checks what one option means for another.
namespace clearance::services {

namespace {

const std::map<std::string, std::int64_t> proto_words{
    {"icmp", 1},
    {"tcp", 6},
    {"udp", 17},
    {"icmpv6", 58},
};

constexpr std::array other_types{
    "container_started", "container_exited",  "shield_up",
    "shield_down",       "shield_disengaged",
};

template <class Words>
std::string joined(const Words& words) {
  std::string result;
  for (const auto& word : words)
    result += (result.empty() ? "" : ", ") + std::string{word};
  return result;
}

std::int64_t proto_number(const std::string& word) {
  constexpr std::int64_t max = 255;
  if (auto i = proto_words.find(word); i != proto_words.end())
    return i->second;
  if (auto value = number<std::int64_t>(word, 0, max))
    return *value;
  std::vector<std::string> names;
  names.reserve(proto_words.size());
  for (const auto& [name, value] : proto_words)
    names.push_back(name);
  throw bad_value("--proto", "`" + word + "` is none of " + joined(names)
                                 + " and no number from 0 to 255");
}

std::uint64_t event_count(const std::string& word) {
  constexpr std::uint64_t max = std::uint64_t{1} << 62;
  if (auto value = number<std::uint64_t>(word, 1, max))
    return *value;
  auto why = no_number<std::uint64_t>(word, 1, max);
  if (number<std::uint64_t>(word, 0, 0))
    why += "; without --count events are shown until a signal comes";
  throw bad_value("--count", why);
}

/// Everything that the words can set.
struct parser {
  explicit parser(const std::string& runtime);

  command finish();

  CLI::App app{"", "terok-clearance"};
  std::map<CLI::App*, command (parser::*)()> subcommands;

  serve_config serve;
  serve_verdict_config helper;
  watch_config watch;
  verdict_config verdict;
  emit_config emit;
  operator_words operators;
  policy_words policy;
  audit_config audit;
  web_client_config web;
  emit_line line;
  bool blocked = false;
  bool version = false;

  command finish_serve();
  command finish_helper();
  command finish_watch();
  command finish_verdict() { return verdict; }
  command finish_emit();
  command finish_list() { return taken_list(parsed("list"), operators); }
  command finish_decide() { return taken_decide(parsed("decide"), operators); }
  command finish_history() { return operators.history; }
  command finish_explain() { return taken_explain(operators); }
  command finish_policy();
  command finish_audit();
  command finish_terminal() { return operators.terminal; }
  command finish_web() { return web; }
  command finish_notify() { return taken_notify(operators); }
  command finish_relay() { return operators.relay; }

private:
  const CLI::App& parsed(const char* name) { return *app.get_subcommand(name); }
  CLI::App& add(const char* name, command (parser::*finisher)());
  void add_serve();
  void add_serve_verdict();
  void add_watch();
  void add_verdict();
  void add_emit();
};

CLI::App& parser::add(const char* name, command (parser::*finisher)()) {
  auto* sub = app.add_subcommand(name);
  subcommands.emplace(sub, finisher);
  return *sub;
}

parser::parser(const std::string& runtime) {
  app.require_subcommand(1);
  app.add_flag("--version", version);
  serve.clearance_socket = default_clearance_socket(runtime);
  serve.reader_socket = default_reader_socket(runtime);
  serve.verdict_socket = default_verdict_socket(runtime);
  helper.socket = default_verdict_socket(runtime);
  watch.default_socket = default_clearance_socket(runtime);
  watch.runtime_directory = runtime;
  verdict.clearance_socket = default_clearance_socket(runtime);
  emit.reader_socket = default_reader_socket(runtime);
  operators.set_runtime(runtime);
  add_serve();
  add_serve_verdict();
  add_watch();
  add_verdict();
  add_emit();
  add_list_options(add("list", &parser::finish_list), operators);
  add_decide_options(add("decide", &parser::finish_decide), operators);
  add_history_options(add("history", &parser::finish_history), operators);
  add_explain_options(add("explain", &parser::finish_explain), operators);
  add_policy_options(add("policy", &parser::finish_policy), policy);
  add_audit_options(add("audit", &parser::finish_audit), audit);
  add_terminal_options(add("tui", &parser::finish_terminal),
                       operators.terminal);
  add_web_options(add("web", &parser::finish_web), web);
  add_notify_options(add("notify", &parser::finish_notify), operators.notify);
  add_relay_options(add("relay", &parser::finish_relay), operators);
}

void parser::add_serve() {
  auto& sub = add("serve", &parser::finish_serve);
  add_word(sub, "--clearance-socket", serve.clearance_socket, socket_path);
  add_word(sub, "--reader-socket", serve.reader_socket, socket_path);
  auto* helper_socket =
      add_word(sub, "--verdict-socket", serve.verdict_socket, socket_path);
  auto* inline_verdict = sub.add_flag("--inline-verdict", serve.inline_verdict)
                             ->excludes(helper_socket);
  add_word(sub, "--shield", serve.shield)->needs(inline_verdict);
  add_word(sub, "--only-container", serve.only_container);
  add_choice(sub, "--sandbox", serve.sandbox, sandbox_modes)
      ->excludes(inline_verdict);
  add_prompt_options(sub, serve.is_without_prompts, serve.policy);
  add_trail_options(sub, serve.audit);
  add_word(sub, "--metrics", serve.metrics);
  add_choice(sub, "--log-level", serve.level, log_levels);
}

// What `a` and `b`, each with its path, are to differ in.
void differ(const std::pair<const char*, std::string>& a,
            const std::pair<const char*, std::string>& b) {
  if (a.second == b.second)
    throw usage_fault("two sockets cannot have the same path",
                      usage_error::kind::together, {a.first, b.first});
}

command parser::finish_serve() {
  const std::pair clearance{"--clearance-socket", serve.clearance_socket};
  const std::pair reader{"--reader-socket", serve.reader_socket};
  const std::pair helper_socket{"--verdict-socket", serve.verdict_socket};
  differ(clearance, reader);
  if (!serve.inline_verdict) {
    differ(helper_socket, clearance);
    differ(helper_socket, reader);
  }
  finish_trail(*app.get_subcommand("serve"), serve.audit);
  for (const char* option : {"--reader-socket", "--clearance-socket"})
    if (app.get_subcommand("serve")->count(option) > 0)
      serve.named_socket = option;
  return serve;
}

void parser::add_serve_verdict() {
  auto& sub = add("serve-verdict", &parser::finish_helper);
  add_word(sub, "--socket", helper.socket, socket_path);
  add_word(sub, "--shield", helper.shield);
  add_choice(sub, "--log-level", helper.level, log_levels);
}

command parser::finish_helper() {
  if (app.get_subcommand("serve-verdict")->count("--socket") > 0)
    helper.named_socket = "--socket";
  return helper;
}

void parser::add_watch() {
  auto& sub = add("watch", &parser::finish_watch);
  sub.add_option("--clearance-socket", watch.clearance_sockets)
      ->allow_extra_args(false)
      ->check(socket_path);
  add_hosts(sub, watch.hosts);
  sub.add_flag("--all", watch.all);
  auto* json = sub.add_flag("--json", watch.json);
  add_choice(sub, "--color", watch.color, color_words)->excludes(json);
  sub.add_option_function<std::string>(
      "--count",
      [this](const std::string& word) { watch.count = event_count(word); });
}

command parser::finish_watch() {
  auto& paths = watch.clearance_sockets;
  if (paths.empty() && !watch.all && watch.hosts.empty())
    paths.push_back(watch.default_socket);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return watch;
}

void parser::add_verdict() {
  auto& sub = add("verdict", &parser::finish_verdict);
  add_word(sub, "REQUEST_ID", verdict.request_id)->required();
  add_word(sub, "DEST", verdict.dest)->required();
  add_choice(sub, "ACTION", verdict.action, action_words)->required();
  add_word(sub, "--container", verdict.container)->required();
  add_word(sub, "--clearance-socket", verdict.clearance_socket, socket_path);
}

void parser::add_emit() {
  auto& sub = add("emit", &parser::finish_emit);
  add_word(sub, "--reader-socket", emit.reader_socket, socket_path);
  auto* of_block = sub.add_flag("--blocked", blocked);
  auto* type = add_word(sub, "--type", line.type)->excludes(of_block);
  add_word(sub, "--container", line.container);
  add_word(sub, "--dest", line.dest)->needs(of_block);
  sub.add_option_function<std::string>(
         "--port",
         [this](const std::string& word) { line.port = port_number(word); })
      ->needs(of_block);
  sub.add_option_function<std::string>(
         "--proto",
         [this](const std::string& word) { line.proto = proto_number(word); })
      ->needs(of_block);
  add_word(sub, "--domain", line.domain)->needs(of_block);
  add_word(sub, "--id", line.request_id)->needs(of_block);
  add_word(sub, "--reason", line.reason)->needs(type);
  sub.add_option_function<std::vector<std::string>>(
         "--dossier",
         [this](const std::vector<std::string>& words) {
           for (const auto& word : words)
             line.dossier.push_back(dossier_entry(word));
         })
      ->allow_extra_args(false);
}

command parser::finish_emit() {
  auto* sub = app.get_subcommand("emit");
  auto given = [sub](const char* option) { return sub->count(option) > 0; };
  if (!blocked && !given("--type")) {
    for (const char* option : {"--container", "--dossier"})
      if (given(option))
        throw missing(std::string{option}
                      + " says nothing without --blocked or --type");
    return emit;
  }
  if (!blocked
      && std::find(other_types.begin(), other_types.end(), line.type)
             == other_types.end()) {
    const bool is_block =
        line.type == "connection_blocked" || line.type == "pending";
    throw bad_value("--type",
                    "`" + line.type + "` is none of " + joined(other_types)
                        + (is_block ? "; a block is sent by --blocked" : ""));
  }
  if (!given("--container"))
    throw missing("--container is required");
  if (blocked) {
    for (const char* option : {"--dest", "--port"})
      if (!given(option))
        throw missing(std::string{"--blocked needs "} + option);
    line.type = "connection_blocked";
  }
  if (given("--reason") && line.type != "container_exited")
    throw usage_fault("--reason needs --type container_exited",
                      usage_error::kind::together, {"--reason", "--type"});
  emit.line = line;
  return emit;
}

command parser::finish_policy() {
  return std::visit(
      [](auto&& x) -> command { return std::forward<decltype(x)>(x); },
      services::finish_policy(*app.get_subcommand("policy"), policy));
}

command parser::finish_audit() {
  services::finish_audit(*app.get_subcommand("audit"), audit);
  return audit;
}

command parser::finish() {
  // No words are enough on a terminal; see default_subcommand.hpp.
  if (app.get_subcommands().empty())
    throw missing("stdin and stdout are no terminal: use terok-clearance"
                  " --plain, or a subcommand");
  auto* sub = app.get_subcommands().at(0);
  return (this->*subcommands.at(sub))();
}

} // namespace

command parse_command_line(const std::vector<std::string>& words,
                           const std::string& runtime) {
  parser p{runtime};
  if (words.empty())
    p.app.require_subcommand(0, 1); // `finish` says more than CLI11
  command result;
  if (auto other = take_words(p.app, words, help_of, p.version,
                              [&] { result = p.finish(); }))
    return std::move(*other);
  return result;
}

config_judge command_judge(const std::string& runtime) {
  return {{"serve", "serve-verdict", "watch", "verdict", "emit", "list",
           "decide", "history", "explain", "policy", "audit", "tui", "web",
           "notify", "relay"},
          options_of(parser{runtime}.app),
          [runtime](const auto& words) {
            return fault_of(parse_command_line(words, runtime));
          }};
}

} // namespace clearance::services
