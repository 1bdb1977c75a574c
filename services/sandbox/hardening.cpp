#include "services/sandbox/hardening.hpp"

#include "actors/base/log.hpp"
#include "protocol/text/error_text.hpp"

#include <cerrno>
#include <cstddef>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace clearance::services {

namespace {

// If RLIMIT_MEMLOCK applies, every later mapping counts against it, used or
// not: starting a thread would fail because its stack does not fit. A process
// with CAP_IPC_LOCK has no limit; only a try shows whether it has.
bool is_limited() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
    return true;
  if (limit.rlim_cur == RLIM_INFINITY)
    return false;
  const auto size = static_cast<std::size_t>(limit.rlim_cur) + 4096;
  auto* probe =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED)
    return true;
  ::munmap(probe, size);
  return false;
}

// MCL_ONFAULT locks only pages that are used. MCL_FUTURE alone would make all
// stacks and arenas resident, 27 MiB.
bool lock_memory() {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
    return false;
  if (!is_limited())
    return true;
  ::munlockall();
  errno = EPERM;
  return false;
}

void complain(const char* what) {
  log(actors::severity::debug, "hardening", what,
      {{"why", protocol::error_text(errno)}});
}

} // namespace

// A parent with pid 1 is init: our parent has ended before this line. If the
// parent ends between the first check and prctl(), the second check notices it.
bool arm_parent_death_signal(int signal) {
  const auto parent = ::getppid();
  return parent != 1
         && ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal)) == 0
         && ::getppid() == parent;
}

void harden_process() {
  if (::prctl(PR_SET_DUMPABLE, 0UL) != 0)
    complain("other processes can trace this process");
  const struct rlimit none { 0, 0 };
  if (::setrlimit(RLIMIT_CORE, &none) != 0)
    complain("core dumps are not disabled");
  if (!lock_memory())
    complain("memory is not locked and may be swapped");
}

} // namespace clearance::services
