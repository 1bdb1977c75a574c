#include "services/sandbox/new_privileges.hpp"

#include <sys/prctl.h>

namespace clearance::services {

bool forbid_new_privileges() {
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0;
}

} // namespace clearance::services
