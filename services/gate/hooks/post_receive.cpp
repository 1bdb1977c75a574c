// The refs have moved, and what they had is saved already: nothing that happens
// here, or does not happen, loses anything.

#include "protocol/gate/limits.hpp"
#include "protocol/gate/push_marker.hpp"
#include "protocol/gate/ref_update.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/hook_git.hpp"
#include "services/gate/hooks/hook_output.hpp"
#include "services/gate/hooks/hooks.hpp"
#include "services/gate/hooks/marker_file.hpp"

#include <cstddef>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

void complete_marker() {
  std::vector<protocol::ref_update> updates;
  std::string line;
  while (std::getline(std::cin, line))
    if (auto update = protocol::parse_ref_update(line))
      updates.push_back(std::move(*update));
  const auto notes = protocol::notes_for(read_push_marker(), updates);
  const auto marker = protocol::push_marker(
      time_of_day(), protocol::push_state::done, updates, notes);
  if (auto why = replace_push_marker(marker); !why.empty())
    report_finding("gate: the push has worked, but its marker is not complete: "
                   + why);
}

// A transaction of many backups leaves a file for each.
void pack_backups() {
  std::size_t loose = 0;
  std::error_code error; // a file may go while we count
  for (std::filesystem::recursive_directory_iterator i("refs/terok", error),
       end;
       !error && i != end && loose <= protocol::gate_limits::loose_backups_max;
       i.increment(error))
    loose += i->is_regular_file(error) ? 1 : 0;
  if (loose <= protocol::gate_limits::loose_backups_max)
    return;
  hook_git_call pack;
  pack.argv = {"pack-refs", "--all"};
  if (const auto packed = run_hook_git(pack); !packed.ok())
    report_finding("gate: cannot pack the refs: " + packed.why);
}

} // namespace

void run_post_receive() noexcept {
  try {
    complete_marker();
    pack_backups();
  } catch (const std::exception& e) { // memory, at most
    report_finding(
        std::string("gate: the push has worked, but its hook has not: ")
        + protocol::escaped(e.what()));
  }
}

} // namespace clearance::services
