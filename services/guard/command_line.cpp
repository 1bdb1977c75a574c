#include "protocol/guard/guard_state.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/operator/address.hpp"
#include "protocol/operator/name.hpp"
#include "services/cli/usage.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/help.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <utility>

namespace clearance::services {

namespace {

const std::map<std::string, guard_emit> emit_ways{
    {"socket", guard_emit::socket},
    {"json", guard_emit::json},
};

const std::map<std::string, on_block> block_ways{
    {"hold", on_block::hold},
    {"reject", on_block::reject},
};

// A decimal number from 1 to `max`.
std::int64_t guard_number(const std::string& option, const std::string& word,
                          std::int64_t max) {
  std::int64_t value = 0;
  const auto* end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc{} || at != end || value < 1 || value > max)
    throw bad_value(option, "`" + word + "` is no number from 1 to "
                                + std::to_string(max));
  return value;
}

void check_guard_name(const std::string& option, const std::string& word) {
  if (!protocol::is_guard_name(word))
    throw bad_value(option, "`" + word
                                + "` is not 1 to 64 letters, digits, dots, "
                                  "underscores and hyphens");
}

void check_name_server(const std::string& word) {
  if (!word.empty() && !protocol::parse_ip_address(word))
    throw bad_value("--dns", "`" + word + "` is no address");
}

CLI::Option* add_word(CLI::App& app, const char* name, std::string& to) {
  return app.add_option(name, to)->check([](const std::string& word) {
    return word.empty() ? "must not be empty" : "";
  });
}

void add_on_block(CLI::App& app, on_block& to) {
  app.add_option_function<std::string>(
      "--on-block", [&to](const std::string& word) {
        to = choice("--on-block", word, block_ways);
      });
}

struct guard_parser {
  guard_parser();

  /// `command`: the words behind `--`.
  guard_command finish(std::vector<std::string> command);

  CLI::App app{"", "terok-guard"};
  bool version = false;

private:
  void add_run();
  void add_attach();
  void add_reader();
  void add_verdict(const char* name);
  void add_container(const char* name);

  guard_command finish_run();
  guard_command finish_attach();
  guard_command finish_reader();
  guard_command finish_verdict(bool allow);

  guard_run run_;
  std::string neighbour_;
  guard_attach attach_;
  guard_reader reader_;
  std::string pid_;
  std::string podman_;
  std::string docker_;
  std::vector<std::string> dossier_;
  std::string container_;
  std::string dest_;
  std::string time_;
};

guard_parser::guard_parser() {
  app.require_subcommand(1);
  app.add_flag("--version", version);
  add_run();
  add_attach();
  add_reader();
  add_verdict("allow");
  add_verdict("deny");
  app.add_subcommand("capabilities");
  app.add_subcommand("list");
  for (const auto* name : {"rules", "up", "down"})
    add_container(name);
}

void guard_parser::add_run() {
  auto* sub = app.add_subcommand("run");
  add_word(*sub, "--name", run_.container);
  add_word(*sub, "--hub", run_.hub);
  sub->add_option("--open", run_.open)->allow_extra_args(false);
  sub->add_option("--dossier", dossier_)->allow_extra_args(false);
  add_word(*sub, "--dns", run_.dns);
  add_word(*sub, "--private", neighbour_);
  add_on_block(*sub, run_.blocked);
}

void guard_parser::add_attach() {
  auto* sub = app.add_subcommand("attach");
  add_word(*sub, "--pid", pid_);
  add_word(*sub, "--podman", podman_);
  add_word(*sub, "--docker", docker_);
  add_word(*sub, "--netns", attach_.netns);
  add_word(*sub, "--container", attach_.container);
  add_word(*sub, "--name", attach_.name);
  add_word(*sub, "--hub", attach_.hub);
  sub->add_option_function<std::string>(
      "--emit", [this](const std::string& word) {
        attach_.emit = choice("--emit", word, emit_ways);
      });
  sub->add_option("--dossier", dossier_)->allow_extra_args(false);
  add_word(*sub, "--dns", attach_.dns);
  sub->add_flag("--unsafe", attach_.unsafe);
  add_on_block(*sub, attach_.blocked);
}

// The words that terok-shield's hook has for its own reader.
void guard_parser::add_reader() {
  auto* sub = app.add_subcommand("reader");
  add_word(*sub, "STATE_DIR", reader_.state_directory)->required();
  add_word(*sub, "CONTAINER", reader_.container)->required();
  sub->add_option_function<std::string>(
      "--emit", [this](const std::string& word) {
        reader_.emit = choice("--emit", word, emit_ways);
      });
  sub->add_option("--annotations", reader_.annotations);
  sub->add_option("--container-id", reader_.container_id);
  sub->add_option("--hub", reader_.hub);
  sub->add_option("--hub-socket", reader_.hub);
}

void guard_parser::add_verdict(const char* name) {
  auto* sub = app.add_subcommand(name);
  add_word(*sub, "CONTAINER", container_)->required();
  add_word(*sub, "DEST", dest_)->required();
  add_word(*sub, "--for", time_);
}

void guard_parser::add_container(const char* name) {
  add_word(*app.add_subcommand(name), "CONTAINER", container_)->required();
}

protocol::dossier dossier_of(const std::vector<std::string>& words) {
  protocol::dossier result;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw bad_value("--dossier", "`" + word + "` is no KEY=VALUE");
    result.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return result;
}

bool is_destination(const std::string& word) {
  return protocol::parse_ip_range(word) || protocol::parse_name_pattern(word);
}

guard_command guard_parser::finish_run() {
  if (!run_.container.empty())
    check_guard_name("--name", run_.container);
  for (const auto& word : run_.open)
    if (!is_destination(word))
      throw bad_value("--open",
                      "`" + word
                          + "` is neither an address nor a network nor a name");
  run_.dossier = dossier_of(dossier_);
  check_name_server(run_.dns);
  if (!neighbour_.empty())
    run_.neighbour = static_cast<pid_t>(guard_number(
        "--private", neighbour_, std::numeric_limits<pid_t>::max()));
  if (run_.command.empty())
    throw missing("what to run stands behind `--`: terok-guard run -- COMMAND");
  return run_;
}

guard_command guard_parser::finish_attach() {
  const int ways = (pid_.empty() ? 0 : 1) + (podman_.empty() ? 0 : 1)
                   + (docker_.empty() ? 0 : 1)
                   + (attach_.netns.empty() ? 0 : 1);
  if (ways == 0)
    throw missing("one of --pid, --podman, --docker and --netns is required");
  if (ways > 1)
    throw usage_fault(
        "--pid, --podman, --docker and --netns exclude each other");
  if (!pid_.empty() || !attach_.netns.empty()) {
    if (!pid_.empty())
      attach_.pid = static_cast<pid_t>(
          guard_number("--pid", pid_, std::numeric_limits<pid_t>::max()));
    if (attach_.container.empty())
      throw missing("--container is required");
  } else {
    attach_.engine = podman_.empty() ? "docker" : "podman";
    attach_.engine_container = podman_.empty() ? docker_ : podman_;
    check_guard_name("--" + attach_.engine, attach_.engine_container);
  }
  if (!attach_.container.empty())
    check_guard_name("--container", attach_.container);
  if (!attach_.name.empty())
    check_guard_name("--name", attach_.name);
  check_name_server(attach_.dns);
  attach_.dossier = dossier_of(dossier_);
  return attach_;
}

guard_command guard_parser::finish_reader() {
  check_guard_name("CONTAINER", reader_.container);
  if (!reader_.container_id.empty())
    check_guard_name("--container-id", reader_.container_id);
  return reader_;
}

guard_command guard_parser::finish_verdict(bool allow) {
  if (!is_destination(dest_))
    throw usage_fault("DEST: `" + dest_
                      + "` is neither an address nor a network nor a name");
  guard_verdict x{allow, container_, dest_, std::nullopt};
  if (!time_.empty())
    x.time = std::chrono::seconds{guard_number(
        "--for", time_, protocol::guard_limits::verdict_max_time.count())};
  return x;
}

guard_command guard_parser::finish(std::vector<std::string> command) {
  const auto name = app.get_subcommands().front()->get_name();
  if (name == "run") {
    run_.command = std::move(command);
    return finish_run();
  }
  if (name == "attach")
    return finish_attach();
  if (name == "reader")
    return finish_reader();
  if (name == "allow" || name == "deny")
    return finish_verdict(name == "allow");
  if (name == "up" || name == "down")
    return guard_mode_change{name == "up", container_};
  if (name == "rules")
    return guard_rules{container_};
  if (name == "list")
    return guard_list{};
  return guard_capabilities_call{};
}

} // namespace

guard_command parse_guard_command_line(const std::vector<std::string>& words) {
  guard_parser p;
  guard_command result;
  // COMMAND's own options are not ours.
  const bool runs = !words.empty() && words.front() == "run";
  const auto end =
      runs ? std::find(words.begin(), words.end(), "--") : words.end();
  const std::vector<std::string> ours(words.begin(), end);
  std::vector<std::string> command(end == words.end() ? end : end + 1,
                                   words.end());
  if (auto other = take_words(p.app, ours, guard_help_of, p.version,
                              [&] { result = p.finish(std::move(command)); }))
    return std::move(*other);
  return result;
}

config_judge guard_judge() {
  return {{"run", "attach", "reader", "allow", "deny", "capabilities", "list",
           "rules", "up", "down"},
          options_of(guard_parser{}.app),
          [](const auto& words) {
            return fault_of(parse_guard_command_line(words));
          }};
}

} // namespace clearance::services
