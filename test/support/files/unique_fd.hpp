/// The programs' class for a descriptor with one owner, for tests.
#pragma once

#include "actors/io/base/unique_fd.hpp"

namespace clearance::test {

using io::unique_fd;

} // namespace clearance::test
