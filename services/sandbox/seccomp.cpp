// The filter is set for the calling thread alone (without TSYNC), as Landlock
// is. It is set before there is another thread, and a new thread inherits the
// filter of the thread that starts it. So no thread runs without the filter.

#include "services/sandbox/seccomp.hpp"

#include <cerrno>
#include <linux/seccomp.h>
#include <memory>
#include <sys/prctl.h>
#include <system_error>

#ifdef CLEARANCE_SECCOMP
#include <seccomp.h>
#endif

namespace clearance::services {

#ifdef CLEARANCE_SECCOMP

namespace {

struct filter_release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};

using filter_ptr = std::unique_ptr<void, filter_release>;

// libseccomp returns a negative errno.
void check_seccomp(int code, const char* what) {
  if (code != 0)
    throw std::system_error(-code, std::generic_category(), what);
}

// A kernel that has filters tries to read one at the null pointer and fails
// with EFAULT. Source: seccomp(2).
bool has_seccomp_filters() {
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) != 0
         && errno == EFAULT;
}

void add_rules(void* filter, std::uint32_t answer, const syscall_rule& rule) {
  const auto number = ::seccomp_syscall_resolve_name(rule.name.c_str());
  if (number == __NR_SCMP_ERROR)
    return;
  if (!rule.when) {
    check_seccomp(::seccomp_rule_add_array(filter, answer, number, 0, nullptr),
                  rule.name.c_str());
    return;
  }
  const auto& x = *rule.when;
  const scmp_arg_cmp condition{x.argument, SCMP_CMP_MASKED_EQ, x.mask, x.value};
  check_seccomp(::seccomp_rule_add_array(filter, answer, number, 1, &condition),
                rule.name.c_str());
}

void add_rules(void* filter, std::uint32_t answer,
               const std::vector<syscall_group>& groups) {
  for (const auto& group : groups)
    for (const auto& rule : group.calls)
      add_rules(filter, answer, rule);
}

} // namespace

filtering filter_syscalls(const syscall_policy& policy) {
  if (!has_seccomp_filters())
    return filtering::unsupported;
  const filter_ptr filter{::seccomp_init(SCMP_ACT_ERRNO(ENOSYS))};
  if (!filter)
    throw std::system_error(ENOMEM, std::generic_category(), "seccomp");
  check_seccomp(::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH,
                                   SCMP_ACT_KILL_PROCESS),
                "seccomp: other architectures");
  check_seccomp(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0),
                "seccomp: no_new_privs");
  // Both settings only make the filter faster, and not every libseccomp has
  // them. The first makes a search tree instead of a list of some 100 calls.
  // The second leaves out the protection against speculative execution that
  // older kernels add, because only our own code runs here.
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_SSB, 1);
  add_rules(filter.get(), SCMP_ACT_ALLOW, policy.allowed);
  add_rules(filter.get(), SCMP_ACT_KILL_PROCESS, policy.fatal);
  check_seccomp(::seccomp_load(filter.get()), "cannot filter system calls");
  return filtering::filtered;
}

filtering deny_syscalls(const std::vector<denied_syscall>& denied) {
  if (!has_seccomp_filters())
    return filtering::unsupported;
  const filter_ptr filter{::seccomp_init(SCMP_ACT_ALLOW)};
  if (!filter)
    throw std::system_error(ENOMEM, std::generic_category(), "seccomp");
  check_seccomp(::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH,
                                   SCMP_ACT_ERRNO(ENOSYS)),
                "seccomp: other architectures");
  check_seccomp(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0),
                "seccomp: no_new_privs");
  for (const auto& x : denied)
    add_rules(filter.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(x.error)),
              x.call);
  check_seccomp(::seccomp_load(filter.get()), "cannot filter system calls");
  return filtering::filtered;
}

bool is_known_syscall(const std::string& name) {
  return ::seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

#else

filtering filter_syscalls(const syscall_policy&) {
  return filtering::unsupported;
}

filtering deny_syscalls(const std::vector<denied_syscall>&) {
  return filtering::unsupported;
}

bool is_known_syscall(const std::string&) {
  return false;
}

#endif

} // namespace clearance::services
