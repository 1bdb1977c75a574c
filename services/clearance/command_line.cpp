#include "services/clearance/command_line.hpp"

#include "services/clearance/audit_command_line.hpp"
#include "services/clearance/help.hpp"
#include "services/clearance/interface_command_line.hpp"
#include "services/clearance/policy_command_line.hpp"
#include "services/cli/usage.hpp"
#include "services/process/paths.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

// CLI11 checks each option by itself and knows which options exclude each
// other. finish() checks what one option means for another.
namespace clearance::services {

namespace {

const std::map<std::string, color_when> color_words{
    {"auto", color_when::automatic},
    {"always", color_when::always},
    {"never", color_when::never},
};

const std::map<std::string, protocol::action> action_words{
    {"allow", protocol::action::allow},
    {"deny", protocol::action::deny},
};

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

std::string not_empty(const std::string& word) {
  return word.empty() ? "must not be empty" : "";
}

std::string socket_path(const std::string& word) {
  if (word.size() > socket_path_max_bytes)
    return "is longer than the " + std::to_string(socket_path_max_bytes)
           + " bytes that a socket's path may have";
  return not_empty(word);
}

/// One word into `target`, which `check` finds nothing wrong with.
CLI::Option* add_word(CLI::App& app, const std::string& name,
                      std::string& target,
                      std::string (*check)(const std::string&) = not_empty) {
  return app.add_option(name, target)->check(check);
}

/// One word of `words` into `target`.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& target,
                        const std::map<std::string, T>& words) {
  auto take = [&target, &words, name](const std::string& word) {
    target = choice(name, word, words);
  };
  return app.add_option_function<std::string>(name, take);
}

/// The decimal number from `min` to `max` that `word` is: digits alone.
template <class T>
std::optional<T> number(const std::string& word, T min, T max) {
  T value = 0;
  const auto* end = word.data() + word.size();
  auto [at, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || at != end || error != std::errc{} || value < min
      || value > max)
    return std::nullopt;
  return value;
}

/// What is wrong with a word that is no such number.
template <class T>
std::string no_number(const std::string& word, T min, T max) {
  return "`" + word + "` is no number from " + std::to_string(min) + " to "
         + std::to_string(max);
}

template <class Words>
std::string joined(const Words& words) {
  std::string result;
  for (const auto& word : words)
    result += (result.empty() ? "" : ", ") + std::string{word};
  return result;
}

std::int64_t port_number(const std::string& word) {
  constexpr std::int64_t max = 65535;
  if (auto value = number<std::int64_t>(word, 0, max))
    return *value;
  throw bad_value("--port", no_number<std::int64_t>(word, 0, max));
}

/// `KEY=VALUE`.
std::pair<std::string, std::string> dossier_entry(const std::string& word) {
  auto at = word.find('=');
  if (at == std::string::npos)
    throw bad_value("--dossier", "`" + word + "` is no KEY=VALUE");
  return {word.substr(0, at), word.substr(at + 1)};
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
  list_config list;
  decide_config decide;
  history_config history;
  explain_config explain;
  policy_words policy;
  audit_config audit;
  terminal_config terminal;
  web_client_config web;
  emit_line line;
  bool blocked = false;
  bool version = false;

  command finish_serve();
  command finish_helper();
  command finish_watch();
  command finish_verdict() { return verdict; }
  command finish_emit();
  command finish_list() { return list; }
  command finish_decide() { return decide; }
  command finish_history() { return history; }
  command finish_explain();
  command finish_policy();
  command finish_audit();
  command finish_terminal() { return terminal; }
  command finish_web() { return web; }

private:
  CLI::App& add(const char* name, command (parser::*finisher)());
  void add_serve();
  void add_serve_verdict();
  void add_watch();
  void add_verdict();
  void add_emit();
  void add_list();
  void add_decide();
  void add_history();
  void add_explain();
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
  for (auto* socket : {&list.clearance_socket, &decide.clearance_socket,
                       &history.clearance_socket, &explain.clearance_socket})
    *socket = default_clearance_socket(runtime);
  add_serve();
  add_serve_verdict();
  add_watch();
  add_verdict();
  add_emit();
  add_list();
  add_decide();
  add_history();
  add_explain();
  terminal.runtime_directory = runtime;
  add_policy_options(add("policy", &parser::finish_policy), policy);
  add_audit_options(add("audit", &parser::finish_audit), audit);
  add_terminal_options(add("tui", &parser::finish_terminal), terminal);
  add_web_options(add("web", &parser::finish_web), web);
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
  auto* prompts = sub.add_flag("--prompts", serve.keeps_prompts);
  auto* no_policy =
      sub.add_flag("--no-policy", serve.policy.is_off)->needs(prompts);
  sub.add_option("--policy", serve.policy.directories)
      ->allow_extra_args(false)
      ->check(not_empty)
      ->excludes(no_policy);
  add_trail_options(sub, serve.audit);
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
  sub.add_flag("--all", watch.all);
  auto* json = sub.add_flag("--json", watch.json);
  add_choice(sub, "--color", watch.color, color_words)->excludes(json);
  sub.add_option_function<std::string>(
      "--count",
      [this](const std::string& word) { watch.count = event_count(word); });
}

command parser::finish_watch() {
  auto& paths = watch.clearance_sockets;
  if (paths.empty() && !watch.all)
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

void parser::add_list() {
  auto& sub = add("list", &parser::finish_list);
  add_word(sub, "--clearance-socket", list.clearance_socket, socket_path);
  add_word(sub, "--container", list.container);
  sub.add_flag("--all", list.all);
  sub.add_flag("--json", list.json);
}

void parser::add_decide() {
  auto& sub = add("decide", &parser::finish_decide);
  add_word(sub, "PROMPT", decide.prompt)->required();
  sub.add_option_function<std::string>(
         "REVISION",
         [this](const std::string& word) {
           constexpr std::int64_t max = std::int64_t{1} << 62;
           auto value = number<std::int64_t>(word, 1, max);
           if (!value)
             throw bad_value("REVISION", no_number<std::int64_t>(word, 1, max));
           decide.revision = *value;
         })
      ->required();
  add_choice(sub, "ACTION", decide.action, action_words)->required();
  add_word(sub, "--reason", decide.reason);
  add_word(sub, "--clearance-socket", decide.clearance_socket, socket_path);
}

void parser::add_history() {
  auto& sub = add("history", &parser::finish_history);
  add_word(sub, "--clearance-socket", history.clearance_socket, socket_path);
  add_word(sub, "--container", history.container);
  sub.add_option_function<std::string>(
      "--limit", [this](const std::string& word) {
        constexpr std::int64_t max = 1'000'000;
        history.limit = number<std::int64_t>(word, 0, max);
        if (!history.limit)
          throw bad_value("--limit", no_number<std::int64_t>(word, 0, max));
      });
  sub.add_flag("--json", history.json);
}

void parser::add_explain() {
  auto& sub = add("explain", &parser::finish_explain);
  add_word(sub, "--clearance-socket", explain.clearance_socket, socket_path);
  auto* prompt = add_word(sub, "--prompt", explain.prompt);
  auto each = [&](const char* option, auto take) {
    sub.add_option_function<std::vector<std::string>>(
           option,
           [take](const std::vector<std::string>& words) {
             for (const auto& word : words)
               take(word);
           })
        ->allow_extra_args(false)
        ->excludes(prompt);
  };
  add_word(sub, "--container", explain.container)->excludes(prompt);
  add_word(sub, "--to", explain.target)->excludes(prompt);
  each("--address",
       [this](const std::string& word) { explain.addresses.push_back(word); });
  each("--port", [this](const std::string& word) {
    explain.ports.push_back(port_number(word));
  });
  each("--dossier", [this](const std::string& word) {
    explain.dossier.push_back(dossier_entry(word));
  });
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

command parser::finish_explain() {
  if (explain.prompt.empty() && explain.target.empty())
    throw missing("--prompt or --to is required");
  return explain;
}

command parser::finish() {
  auto* sub = app.get_subcommands().at(0);
  return (this->*subcommands.at(sub))();
}

} // namespace

command parse_command_line(const std::vector<std::string>& words,
                           const std::string& runtime) {
  parser p{runtime};
  command result;
  if (auto other = take_words(p.app, words, help_of, p.version,
                              [&] { result = p.finish(); }))
    return std::move(*other);
  return result;
}

config_judge command_judge(const std::string& runtime) {
  return {{"serve", "serve-verdict", "watch", "verdict", "emit", "list",
           "decide", "history", "explain", "policy", "audit", "tui", "web"},
          options_of(parser{runtime}.app),
          [runtime](const auto& words) {
            return fault_of(parse_command_line(words, runtime));
          }};
}

} // namespace clearance::services
