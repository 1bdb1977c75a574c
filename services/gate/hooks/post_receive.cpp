// The refs have moved, and pre-receive has saved what they had. So nothing is
// lost when this hook fails or is killed. The gate packs the refs later, when
// it is idle: git that is killed while it packs leaves a lock behind.

#include "protocol/gate/push_marker.hpp"
#include "protocol/gate/ref_update.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/hook_output.hpp"
#include "services/gate/hooks/hooks.hpp"
#include "services/gate/hooks/marker_file.hpp"

#include <exception>
#include <iostream>
#include <string>
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

} // namespace

void run_post_receive() noexcept {
  try {
    complete_marker();
  } catch (const std::exception& e) { // memory, at most
    report_finding(
        std::string("gate: the push has worked, but its hook has not: ")
        + protocol::escaped(e.what()));
  }
}

} // namespace clearance::services
