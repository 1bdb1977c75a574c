// terok-clearance-tui: the terminal interface, a program of its own so that a
// machine without people at it needs no ncurses.
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/standard_descriptors.hpp"
#include "services/process/stderr_lines.hpp"
#include "services/tui/tui.hpp"

#include <exception>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace clearance::services;

int fail_tui(const std::string& why, int code) {
  say_on_stderr("terok-clearance-tui", why);
  return code;
}

struct tui_runner {
  int operator()(const outcome& x) const {
    write_stderr(x.err);
    const auto why = x.out.empty() ? std::string{} : print(x.out);
    return why.empty() ? x.code : fail_tui(why, exit_failed);
  }
  int operator()(const tui_config& x) const { return tui(x); }
};

} // namespace

// Not run_configured(): its log needs a thread and CAF, and a person waits for
// the first picture.
int main(int argc, char** argv) try {
  settle_program();
  const auto runtime = runtime_directory();
  const auto words = with_config(
      std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
      tui_command_judge(runtime));
  if (const auto* fault = std::get_if<config_fault>(&words))
    return fail_tui(fault->what, exit_usage);
  return std::visit(tui_runner{},
                    parse_tui_command_line(std::get<0>(words), runtime));
} catch (const std::exception& e) {
  return fail_tui(clearance::protocol::escaped(e.what()), exit_failed);
}
