// terok-guard starts here.
#include "protocol/text/text.hpp"
#include "services/cli/config_file.hpp"
#include "services/cli/terminal.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/standard_descriptors.hpp"
#include "services/process/stderr_lines.hpp"

#include <exception>
#include <new>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace clearance::services;

// Help, the version, or what is wrong with the command line.
int tell_outcome(const outcome& x) {
  write_stderr(x.err);
  const auto why = x.out.empty() ? std::string{} : print(x.out);
  if (why.empty())
    return x.code;
  say(why);
  return exit_failed;
}

struct guard_runner {
  int operator()(const outcome& x) const { return tell_outcome(x); }
  int operator()(const guard_run& x) const { return run_guard_run(x); }
  int operator()(const guard_attach& x) const { return run_guard_attach(x); }
  int operator()(const guard_reader& x) const { return run_guard_reader(x); }
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

// Not run_configured(): its log needs a thread and CAF, and this program starts
// for each verdict.
int main(int argc, char** argv) try {
  settle_program();
  const auto words = with_config(
      std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
      guard_judge());
  if (const auto* fault = std::get_if<config_fault>(&words)) {
    say(fault->what);
    return exit_usage;
  }
  return run_guard(std::get<std::vector<std::string>>(words));
} catch (const std::bad_alloc&) {
  say("out of memory");
  return exit_failed;
} catch (const std::exception& e) {
  say(clearance::protocol::escaped(e.what()));
  return exit_failed;
}
