// terok-supervisor starts here.
#include "services/cli/config_main.hpp"
#include "services/process/shield.hpp"
#include "services/process/standard_descriptors.hpp"
#include "services/supervisor/supervisor.hpp"

#include <string_view>

namespace {

using namespace clearance::services;

struct supervisor_main {
  int argc;
  char** argv;

  int operator()(const outcome& x) const { return tell("terok-supervisor", x); }
  int operator()(supervise_child_options x) const {
    x.shield = shield_setting(x.shield, argc, argv);
    return supervise_child(x);
  }
  int operator()(parent_options x) const {
    x.shield = shield_setting(x.shield, argc, argv);
    return supervise_container(x);
  }
  int operator()(supervise_options x) const {
    x.shield = shield_setting(x.shield, argc, argv);
    return supervise(x);
  }
};

} // namespace

int main(int argc, char** argv) {
  settle_reloading_program();
  // terok finds the processes of a container by the words `terok_sandbox` and
  // `supervise-child` in their command lines. The first word has no other use.
  if (argc > 2 && argv[1] == std::string_view{"terok_sandbox"}
      && argv[2] == std::string_view{"supervise-child"}) {
    ++argv;
    --argc;
  }
  return run_guarded("terok-supervisor", [&] {
    const auto judge = supervisor_judge();
    return run_configured(
        "terok-supervisor", argc, argv, judge, [&](const auto& words) {
          const auto command = parse_supervisor_command_line(words);
          if (std::holds_alternative<outcome>(command))
            let_hangup_end_program();
          return std::visit(supervisor_main{argc, argv}, command);
        });
  });
}
