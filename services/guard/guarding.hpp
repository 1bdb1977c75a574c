/// What every guard of a namespace does, whether it found the namespace or made
/// it.
#pragma once

#include "services/guard/guard.hpp"
#include "services/guard/namespaces.hpp"
#include "services/guard/reader.hpp"
#include "services/guard/state_store.hpp"
#include "services/sandbox/landlock.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace clearance::services {

/// Throws setup_fault when fewer descriptors are free than a guard needs. Later
/// each lack would be another fault in another process.
void require_descriptors();

/// What is known of the container, ready to be saved: verdicts of an earlier
/// guard of the same namespace are kept. Throws setup_fault when another guard
/// runs for this namespace or for a container of this name.
protocol::guard_state state_for(const state_store& store,
                                const std::string& container,
                                const std::string& name,
                                const guarded_process& process);

/// Throws setup_fault when a guard runs for a container of this name. Removes
/// states that killed guards have left of containers that have ended.
void refuse_guarded(const state_store& store, const std::string& container);

/// Whether the guard that the state names runs: not another process that has
/// its number by now.
bool has_running_guard(const protocol::guard_state& x);

/// Loads `rules`, see table_texts(), into the network namespace of this
/// process, and only then opens the NFLOG socket: whatever fails, the namespace
/// is closed.
work_result load_and_open(const std::vector<std::string>& rules);

/// The hub's socket for readers; empty: lines go to stdout. Throws setup_fault
/// when the path is longer than that of any socket.
std::string socket_of_hub(const std::string& given, guard_emit emit);

/// From here on this process reads sockets and writes to the hub; of files it
/// can use those in `paths`. Throws setup_fault.
void give_up_rights(const std::string& hub, std::vector<path_rule> paths);

/// For give_up_rights(): the files of the states can be changed.
path_rule states_rule();

/// When the container has ended, its state goes: nobody needs it any more.
/// Otherwise the namespace stays closed, and verdicts and a later guard still
/// find the state.
void leave_state(const std::string& container, reader_end end);

} // namespace clearance::services
