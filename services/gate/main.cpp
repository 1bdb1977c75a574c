// terok-gate starts here.
#include "services/cli/config_main.hpp"
#include "services/gate/backups.hpp"
#include "services/gate/gate.hpp"
#include "services/gate/hooks/tend.hpp"
#include "services/process/standard_descriptors.hpp"

namespace {

using namespace clearance::services;

struct run {
  int operator()(const outcome& x) const { return tell("terok-gate", x); }
  int operator()(const gate_options& x) const { return run_gate(x); }
  int operator()(const gate_hook_call& x) const { return run_gate_hook(x); }
  int operator()(const gate_backups_call& x) const {
    return run_gate_backups(x);
  }
  int operator()(const gate_tend_call& x) const { return run_gate_tend(x); }
  int operator()(const gate_hooks_install& x) const {
    return install_gate_hooks(x.directory);
  }
};

} // namespace

int main(int argc, char** argv) {
  settle_reloading_program();
  return run_guarded("terok-gate", [&] {
    const auto judge = gate_judge();
    return run_configured("terok-gate", argc, argv, judge,
                          [](const auto& words) {
                            const auto command = parse_gate_command_line(words);
                            if (!std::holds_alternative<gate_options>(command))
                              let_hangup_end_program();
                            return std::visit(run{}, command);
                          });
  });
}
