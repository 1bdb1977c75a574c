/// Declares types that actors of one process send to each other.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

/// Declares that messages of `type` never leave the process: they may hold
/// pointers and need no serialisation. Use it at global scope.
#define CLEARANCE_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)
