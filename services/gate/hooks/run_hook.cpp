// What git runs this program as.

#include "services/gate/gate.hpp"
#include "services/gate/hooks/hook_git.hpp"
#include "services/gate/hooks/hook_output.hpp"
#include "services/gate/hooks/hooks.hpp"
#include "services/process/exit_code.hpp"

#include <csignal>

namespace clearance::services {

namespace {

// A hook needs this program, which runs, and git.
int check_hook() {
  hook_git_call version;
  version.argv = {"version"};
  const auto ran = run_hook_git(version);
  if (!ran.ok())
    tell_client(ran.why);
  return ran.ok() ? exit_ok : exit_failed;
}

} // namespace

int run_gate_hook(const gate_hook_call& call) {
  // The reader of a hook's output may be gone; the hook goes on.
  std::signal(SIGPIPE, SIG_IGN);
  if (call.check)
    return check_hook();
  switch (call.which) {
  case gate_hook::pre_receive:
    return run_pre_receive();
  case gate_hook::post_receive:
    run_post_receive();
    return exit_ok;
  }
  return exit_failed;
}

} // namespace clearance::services
