/// Protects the own process. Call these functions before there is a second
/// thread: most of them affect only the calling thread and threads that it
/// starts.
#pragma once

namespace clearance::services {

/// From now on we get `signal` when the thread that started us ends. False: our
/// parent has ended already, so the signal would never come. Source: prctl(2),
/// PR_SET_PDEATHSIG.
bool arm_parent_death_signal(int signal);

/// Forbids tracing and core dumps, and keeps memory from being swapped where
/// that is allowed. Logs what could not be done.
void harden_process();

/// No program that we start can gain privileges. Landlock requires this.
bool forbid_new_privileges();

} // namespace clearance::services
