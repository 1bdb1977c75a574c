/// What the clients call a file descriptor that somebody owns.
#pragma once

#include "actors/io/base/unique_fd.hpp"

namespace clearance::services {

using descriptor = io::unique_fd;

} // namespace clearance::services
