// The order: Landlock needs no_new_privs and makes system calls that the
// seccomp filter does not allow, so the filter comes last. All three affect the
// calling thread and threads that it starts; so they are set while it is the
// only thread.

#include "services/sandbox/sandbox.hpp"

#include "actors/base/log.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/new_privileges.hpp"
#include "services/sandbox/seccomp.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace clearance::services {

namespace {

sandbox_plan plan_of(std::vector<path_rule> paths_allowed, path_access programs,
                     syscall_policy calls) {
  for (auto& each : system_paths(programs))
    paths_allowed.push_back(std::move(each));
  paths_allowed.push_back({"/dev/null", path_access::device});
  return {std::move(paths_allowed), std::move(calls)};
}

// A protection that is missing, and why.
struct shortcoming {
  const char* what;
  const char* why;
};

constexpr shortcoming no_landlock{
    "files are not restricted",
    "this kernel has no Landlock, or one that is too old"};
constexpr shortcoming no_seccomp{"system calls are not filtered",
#ifdef CLEARANCE_SECCOMP
                                 "this kernel has no seccomp filters"
#else
                                 "it was built without libseccomp"
#endif
};

} // namespace

sandbox_plan hub_sandbox(const std::vector<std::string>& directories) {
  std::vector<path_rule> paths_allowed;
  paths_allowed.reserve(directories.size());
  for (const auto& each : directories)
    paths_allowed.push_back({each, path_access::sockets, true});
  return plan_of(std::move(paths_allowed), path_access::read, hub_syscalls());
}

// /dev/urandom: without it git's index-pack fails, and every push with it.
sandbox_plan gate_sandbox(std::vector<path_rule> paths_allowed,
                          gate_transport transport) {
  paths_allowed.push_back({"/dev/urandom", path_access::read});
  return plan_of(std::move(paths_allowed), path_access::run,
                 gate_syscalls(transport));
}

std::string enter_sandbox(const std::function<sandbox_plan()>& make,
                          sandbox_mode mode, int code) try {
  if (mode == sandbox_mode::off)
    return "no: --sandbox off";
  const auto plan = make();
  if (!forbid_new_privileges())
    throw std::system_error(errno, std::generic_category(), "no_new_privs");
  std::string missing;
  auto lacks = [&](const shortcoming& x) {
    if (mode == sandbox_mode::required)
      throw setup_fault(code, std::string{"--sandbox required: "} + x.what
                                  + ": " + x.why);
    log(actors::severity::warning, "sandbox", x.what, {{"why", x.why}});
    missing += (missing.empty() ? "" : ", ") + std::string{x.what};
  };
  if (restrict_files(plan.paths_allowed) == file_restriction::unsupported)
    lacks(no_landlock);
  if (filter_syscalls(plan.calls) == filtering::unsupported)
    lacks(no_seccomp);
  return missing.empty() ? "yes" : "partly: " + missing;
} catch (const std::system_error& e) {
  throw setup_fault(code, std::string{"cannot enter the sandbox: "} + e.what());
}

} // namespace clearance::services
