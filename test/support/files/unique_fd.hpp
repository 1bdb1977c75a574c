/// The programs' own owner of a descriptor, for tests.
#pragma once

#include "actors/io/base/unique_fd.hpp"

namespace clearance::test {

using io::unique_fd;

} // namespace clearance::test
