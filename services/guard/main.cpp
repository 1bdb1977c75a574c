// terok-guard starts here.
#include "services/cli/config_main.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/say.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/standard_descriptors.hpp"

namespace {

using namespace clearance::services;

struct guard_runner {
  int operator()(const outcome& x) const { return tell("terok-guard", x); }
  int operator()(const guard_run& x) const { return run_guard_run(x); }
  int operator()(const guard_attach& x) const { return run_guard_attach(x); }
  int operator()(const guard_verdict& x) const { return run_guard_verdict(x); }
  int operator()(const guard_mode_change& x) const { return run_guard_mode(x); }
  int operator()(const guard_capabilities_call&) const {
    return run_guard_capabilities();
  }
  int operator()(const guard_list&) const { return run_guard_list(); }
  int operator()(const guard_rules& x) const { return run_guard_rules(x); }
};

int run_guard(const std::vector<std::string>& words) try {
  return std::visit(guard_runner{}, parse_guard_command_line(words));
} catch (const setup_fault& e) {
  say(e.what());
  return e.code;
}

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  const auto judge = guard_judge();
  return run_configured("terok-guard", argc, argv, judge, run_guard);
}
