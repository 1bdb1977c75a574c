#include "services/clearance/operator_command_line.hpp"

#include "protocol/operator/limits.hpp"
#include "services/clearance/option_words.hpp"
#include "services/process/paths.hpp"

namespace clearance::services {

namespace {

/// Without a socket that was named, --host is asked alone.
void choose_hosts(const CLI::App& sub, const std::vector<std::string>& hosts,
                  std::string& socket) {
  if (!hosts.empty() && sub.count("--clearance-socket") == 0)
    socket.clear();
}

} // namespace

void operator_words::set_runtime(const std::string& runtime) {
  for (auto* socket : {&list.clearance_socket, &decide.clearance_socket,
                       &history.clearance_socket, &explain.clearance_socket})
    *socket = default_clearance_socket(runtime);
  terminal.runtime_directory = runtime;
  relay.runtime_directory = runtime;
}

void add_list_options(CLI::App& sub, operator_words& to) {
  add_word(sub, "--clearance-socket", to.list.clearance_socket, socket_path);
  add_hosts(sub, to.list.hosts);
  add_word(sub, "--container", to.list.container);
  sub.add_flag("--all", to.list.all);
  sub.add_flag("--json", to.list.json);
}

void add_decide_options(CLI::App& sub, operator_words& to) {
  // Not 0: behind `--` CLI11 would then give the words to the parent.
  sub.add_option("WORDS", to.decide_operands)->check(not_empty)->expected(1, 3);
  auto* container = add_word(sub, "--all-of", to.decide.all_of);
  add_word(sub, "--target", to.decide.target)->excludes(container);
  add_hosts(sub, to.decide.hosts);
  add_word(sub, "--reason", to.decide.reason);
  sub.add_option_function<std::string>("--for", [&to](const std::string& word) {
    constexpr auto max = protocol::operator_limits::scope_max_seconds;
    to.decide.seconds = number<std::int64_t>(word, 1, max);
    if (!to.decide.seconds)
      throw bad_value("--for", no_number<std::int64_t>(word, 1, max));
  });
  add_word(sub, "--clearance-socket", to.decide.clearance_socket, socket_path);
}

void add_history_options(CLI::App& sub, operator_words& to) {
  add_word(sub, "--clearance-socket", to.history.clearance_socket, socket_path);
  add_word(sub, "--container", to.history.container);
  sub.add_option_function<std::string>(
      "--limit", [&to](const std::string& word) {
        constexpr std::int64_t max = 1'000'000;
        to.history.limit = number<std::int64_t>(word, 0, max);
        if (!to.history.limit)
          throw bad_value("--limit", no_number<std::int64_t>(word, 0, max));
      });
  sub.add_flag("--json", to.history.json);
}

void add_explain_options(CLI::App& sub, operator_words& to) {
  add_word(sub, "--clearance-socket", to.explain.clearance_socket, socket_path);
  auto* prompt = add_word(sub, "--prompt", to.explain.prompt);
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
  add_word(sub, "--container", to.explain.container)->excludes(prompt);
  add_word(sub, "--to", to.explain.target)->excludes(prompt);
  each("--address", [&to](const std::string& word) {
    to.explain.addresses.push_back(word);
  });
  each("--port", [&to](const std::string& word) {
    to.explain.ports.push_back(port_number(word));
  });
  each("--dossier", [&to](const std::string& word) {
    to.explain.dossier.push_back(dossier_entry(word));
  });
}

void add_relay_options(CLI::App& sub, operator_words& to) {
  sub.add_flag("--stdio", to.relays_stdio)->required();
  sub.add_option("--clearance-socket", to.relay.clearance_sockets)
      ->allow_extra_args(false)
      ->check(socket_path);
}

list_config taken_list(const CLI::App& sub, const operator_words& x) {
  auto result = x.list;
  choose_hosts(sub, result.hosts, result.clearance_socket);
  return result;
}

// The operands are PROMPT REVISION ACTION, or for many prompts ACTION alone.
decide_config taken_decide(const CLI::App& sub, const operator_words& x) {
  auto result = x.decide;
  const auto& words = x.decide_operands;
  const bool is_many = !result.all_of.empty() || !result.target.empty();
  if (is_many && words.size() != 1)
    throw usage_fault("with --all-of or --target there is one word, allow or "
                      "deny, and no PROMPT");
  constexpr std::size_t operands = 3;
  if (!is_many && words.size() < operands)
    throw missing("decide needs PROMPT, REVISION and allow or deny; "
                  "terok-clearance list shows the whole command");
  if (!is_many) {
    constexpr std::int64_t max = std::int64_t{1} << 62;
    const auto value = number<std::int64_t>(words[1], 1, max);
    if (!value)
      throw bad_value("REVISION", no_number<std::int64_t>(words[1], 1, max));
    result.prompt = words[0];
    result.revision = *value;
  }
  result.action = choice("ACTION", words.back(), action_words);
  choose_hosts(sub, result.hosts, result.clearance_socket);
  return result;
}

notify_client_config taken_notify(const operator_words& x) {
  (void)judged(x.notify, {}); // here, so that the fault names this program
  return {words_of(x.notify)};
}

explain_config taken_explain(const operator_words& x) {
  if (x.explain.prompt.empty() && x.explain.target.empty())
    throw missing("--prompt or --to is required");
  return x.explain;
}

} // namespace clearance::services
