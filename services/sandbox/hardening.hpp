/// Protects this process. Call these functions before there is a second thread:
/// most of them affect only the calling thread and the threads that it starts.
#pragma once

namespace clearance::services {

/// From now on this process gets `signal` when the thread that started it ends.
/// False: the parent has ended already, so the signal would never come. Source:
/// prctl(2), PR_SET_PDEATHSIG.
bool arm_parent_death_signal(int signal);

/// Forbids tracing and core dumps. Keeps memory from being swapped, if the
/// memory limit allows it. Logs what could not be done.
void harden_process();

} // namespace clearance::services
