// terok-clearance-notify: prompts on the desktop, a program of its own so that
// a server needs no desktop.
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/notify/notification_bus.hpp"
#include "services/notify/notify.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/standard_descriptors.hpp"
#include "services/process/stderr_lines.hpp"

#include <exception>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace clearance::services;

int fail_notify(const std::string& why, int code) {
  say_on_stderr("terok-clearance-notify", why);
  return code;
}

struct notify_runner {
  int operator()(const outcome& x) const {
    write_stderr(x.err);
    const auto why = x.out.empty() ? std::string{} : print(x.out);
    return why.empty() ? x.code : fail_notify(why, exit_failed);
  }
  int operator()(const notify_config& x) const { return notify(x); }
  int operator()(const notify_send_config& x) const {
    return send_notification(x.summary, x.body, x.milliseconds);
  }
};

} // namespace

int main(int argc, char** argv) try {
  settle_program();
  const auto runtime = runtime_directory();
  const auto words = with_config(
      std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc),
      notify_command_judge(runtime));
  if (const auto* fault = std::get_if<config_fault>(&words))
    return fail_notify(fault->what, exit_usage);
  return std::visit(notify_runner{},
                    parse_notify_command_line(std::get<0>(words), runtime));
} catch (const std::exception& e) {
  return fail_notify(clearance::protocol::escaped(e.what()), exit_failed);
}
