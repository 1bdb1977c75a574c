// terok-clearance: the program's one entry. Installed a second time as
// terok-clearance-hub: the same program with the same subcommands.
#include "services/clearance/command_line.hpp"
#include "services/clearance/default_subcommand.hpp"
#include "services/cli/config_main.hpp"
#include "services/client/interactive.hpp"
#include "services/process/paths.hpp"
#include "services/process/shield.hpp"
#include "services/process/standard_descriptors.hpp"

#include <cstdlib>
#include <string_view>

namespace {

using namespace clearance::services;

struct run {
  int argc;
  char** argv;

  int operator()(const outcome& x) const { return tell("terok-clearance", x); }
  int operator()(serve_config x) const {
    x.shield = shield_setting(x.shield, argc, argv);
    return serve(x);
  }
  int operator()(serve_verdict_config x) const {
    x.shield = shield_setting(x.shield, argc, argv);
    return serve_verdict(x);
  }
  int operator()(const watch_config& x) const { return watch(x); }
  int operator()(const verdict_config& x) const { return verdict(x); }
  int operator()(const emit_config& x) const { return emit(x); }
  int operator()(const list_config& x) const { return list(x); }
  int operator()(const decide_config& x) const { return decide(x); }
  int operator()(const history_config& x) const { return history(x); }
  int operator()(const explain_config& x) const { return explain(x); }
  int operator()(const policy_check_config& x) const { return check_policy(x); }
  int operator()(const policy_explain_config& x) const {
    return explain_policy(x);
  }
  int operator()(const policy_test_config& x) const { return test_policy(x); }
  int operator()(const policy_propose_config& x) const {
    return propose_policy(x);
  }
  int operator()(const audit_config& x) const { return run_audit(x); }
  int operator()(const terminal_config& x) const { return terminal_client(x); }
  int operator()(const web_client_config& x) const { return web_client(x); }
  int operator()(const relay_config& x) const { return relay(x); }
  int operator()(const notify_client_config& x) const {
    return notify_client(x);
  }
};

surroundings surroundings_of_process() {
  const auto variable = [](const char* name) -> std::string_view {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
  };
  const auto plain = variable("TEROK_PLAIN");
  return {is_interactive(), !plain.empty() && plain != "0"};
}

} // namespace

int main(int argc, char** argv) {
  settle_reloading_program();
  return run_guarded("terok-clearance", [&] {
    const auto runtime = runtime_directory();
    const auto judge = command_judge(runtime);
    return run_configured(
        "terok-clearance",
        with_subcommand(words_of(argc, argv), surroundings_of_process()), judge,
        [&](const auto& words) {
          const auto command = parse_command_line(words, runtime);
          if (!std::holds_alternative<serve_config>(command))
            let_hangup_end_program();
          return std::visit(run{argc, argv}, command);
        });
  });
}
