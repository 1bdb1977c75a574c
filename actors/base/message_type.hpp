/// Types that travel between actors of one process.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

/// Marks `type` as a message that never leaves the process: it may hold
/// pointers, and nobody has to write it down. At global scope.
#define CLEARANCE_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)
