#include "protocol/guard/guard_state.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/operator/address.hpp"
#include "protocol/operator/name.hpp"
#include "services/cli/usage.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/help.hpp"

#include <CLI/CLI.hpp>

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

CLI::Option* add_word(CLI::App& app, const char* name, std::string& to) {
  return app.add_option(name, to)->check([](const std::string& word) {
    return word.empty() ? "must not be empty" : "";
  });
}

struct guard_parser {
  guard_parser();

  guard_command finish();

  CLI::App app{"", "terok-guard"};
  bool version = false;

private:
  void add_attach();
  void add_verdict(const char* name);
  void add_container(const char* name);

  guard_command finish_attach();
  guard_command finish_verdict(bool allow);

  guard_attach attach_;
  std::string pid_;
  std::vector<std::string> dossier_;
  std::string container_;
  std::string dest_;
  std::string time_;
};

guard_parser::guard_parser() {
  app.require_subcommand(1);
  app.add_flag("--version", version);
  add_attach();
  add_verdict("allow");
  add_verdict("deny");
  app.add_subcommand("capabilities");
  app.add_subcommand("list");
  for (const auto* name : {"rules", "up", "down"})
    add_container(name);
}

void guard_parser::add_attach() {
  auto* sub = app.add_subcommand("attach");
  add_word(*sub, "--pid", pid_)->required();
  add_word(*sub, "--container", attach_.container)->required();
  add_word(*sub, "--name", attach_.name);
  add_word(*sub, "--hub", attach_.hub);
  sub->add_option_function<std::string>(
      "--emit", [this](const std::string& word) {
        attach_.emit = choice("--emit", word, emit_ways);
      });
  sub->add_option("--dossier", dossier_)->allow_extra_args(false);
  sub->add_flag("--unsafe", attach_.unsafe);
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

guard_command guard_parser::finish_attach() {
  attach_.pid = static_cast<pid_t>(
      guard_number("--pid", pid_, std::numeric_limits<pid_t>::max()));
  check_guard_name("--container", attach_.container);
  if (!attach_.name.empty())
    check_guard_name("--name", attach_.name);
  for (const auto& word : dossier_) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw bad_value("--dossier", "`" + word + "` is no KEY=VALUE");
    attach_.dossier.emplace_back(word.substr(0, equals),
                                 word.substr(equals + 1));
  }
  return attach_;
}

guard_command guard_parser::finish_verdict(bool allow) {
  const bool is_address = protocol::parse_ip_range(dest_).has_value();
  if (!is_address && !protocol::canonical_name(dest_))
    throw usage_fault("DEST: `" + dest_
                      + "` is neither an address nor a network nor a name");
  guard_verdict x{allow, container_, dest_, std::nullopt};
  if (!time_.empty())
    x.time = std::chrono::seconds{guard_number(
        "--for", time_, protocol::guard_limits::verdict_max_time.count())};
  return x;
}

guard_command guard_parser::finish() {
  const auto name = app.get_subcommands().front()->get_name();
  if (name == "attach")
    return finish_attach();
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
  if (auto other = take_words(p.app, words, guard_help_of, p.version,
                              [&] { result = p.finish(); }))
    return std::move(*other);
  return result;
}

config_judge guard_judge() {
  return {{"attach", "allow", "deny", "capabilities", "list", "rules", "up",
           "down"},
          options_of(guard_parser{}.app),
          [](const auto& words) {
            return fault_of(parse_guard_command_line(words));
          }};
}

} // namespace clearance::services
