/// What a service does to its own process before it starts a thread: most of it
/// holds for the calling thread and those that it starts.
#pragma once

namespace clearance::services {

/// From now on `signal` comes when the thread that started us ends. False: our
/// parent is gone already, and nobody would ever tell us to stop.
/// Source: prctl(2), PR_SET_PDEATHSIG.
bool arm_parent_death_signal(int signal);

/// Not to be traced, no core, and no page ever written to swap, where that is
/// allowed. What could not be done is logged.
void harden_process();

/// No program that we start may gain privileges. Needed by Landlock.
bool forbid_new_privileges();

} // namespace clearance::services
