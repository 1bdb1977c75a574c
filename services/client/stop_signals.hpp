/// Signals as descriptors that a program polls.
#pragma once

#include "services/client/descriptor.hpp"

#include <initializer_list>

namespace clearance::services {

/// Becomes readable when one of the signals came; they do nothing else any
/// more. Empty: the kernel gives no descriptor.
descriptor signal_descriptor(std::initializer_list<int> numbers);

/// A descriptor that is readable after SIGINT or SIGTERM. During a write that
/// may block (see `stoppable`) they end the process. A signal that is ignored
/// stays ignored. SIGPIPE is ignored from now on.
descriptor stop_signals();

} // namespace clearance::services
