// The order: Landlock needs no_new_privs, and calls that the filter does not
// allow; the filter comes last. All three hold for the thread that sets them
// and those that it starts, so they are set while it is the only one.

#include "services/sandbox/confinement.hpp"

#include "actors/base/log.hpp"
#include "services/process/setup_fault.hpp"
#include "services/sandbox/hardening.hpp"
#include "services/sandbox/seccomp.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace clearance::services {

namespace {

confinement_plan plan_of(std::vector<lane> lanes, lane_use programs,
                         syscall_policy calls) {
  for (auto& each : system_lanes(programs))
    lanes.push_back(std::move(each));
  lanes.push_back({"/dev/null", lane_use::device});
  return {std::move(lanes), std::move(calls)};
}

// What the kernel cannot do.
struct shortcoming {
  const char* what;
  const char* why;
};

constexpr shortcoming no_landlock{"files are not confined",
                                  "this kernel has no Landlock that suffices"};
constexpr shortcoming no_seccomp{"system calls are not filtered",
#ifdef CLEARANCE_SECCOMP
                                 "this kernel has no seccomp filters"
#else
                                 "it was built without libseccomp"
#endif
};

} // namespace

confinement_plan hub_confinement(const std::vector<std::string>& directories) {
  std::vector<lane> lanes;
  for (const auto& each : directories)
    lanes.push_back({each, lane_use::sockets, true});
  return plan_of(std::move(lanes), lane_use::read, hub_syscalls());
}

// Without urandom git's index-pack fails, and with it every push.
confinement_plan gate_confinement(std::vector<lane> lanes,
                                  gate_transport transport) {
  lanes.push_back({"/dev/urandom", lane_use::read});
  return plan_of(std::move(lanes), lane_use::run, gate_syscalls(transport));
}

std::string confine(const std::function<confinement_plan()>& make,
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
    log(actors::severity::warning, "confinement", x.what, {{"why", x.why}});
    missing += (missing.empty() ? "" : ", ") + std::string{x.what};
  };
  if (confine_files(plan.lanes) == confinement::unsupported)
    lacks(no_landlock);
  if (filter_syscalls(plan.calls) == filtering::unsupported)
    lacks(no_seccomp);
  return missing.empty() ? "yes" : "partly: " + missing;
} catch (const std::system_error& e) {
  throw setup_fault(code, std::string{"cannot confine itself: "} + e.what());
}

} // namespace clearance::services
