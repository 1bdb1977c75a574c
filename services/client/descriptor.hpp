/// The name in this folder for a file descriptor that its holder closes.
#pragma once

#include "actors/io/base/unique_fd.hpp"

namespace clearance::services {

using descriptor = io::unique_fd;

} // namespace clearance::services
