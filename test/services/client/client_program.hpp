/// The clients as programs, and what a test that plays their hub needs.
#pragma once

#include "protocol/hub/event.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/process/child.hpp"

#include <string>
#include <vector>

namespace clearance::test {

/// `terok-clearance ARGUMENTS`, with `runtime` as XDG_RUNTIME_DIR.
child run_client(const temp_dir& runtime,
                 const std::vector<std::string>& arguments,
                 std::string input = {});

/// A bash script. `$terok_clearance` is the program.
child run_script(const temp_dir& runtime, const std::string& script);

/// The words of a client that a script starts, or exec's.
inline const std::string client = "\"$terok_clearance\" ";

/// `x` as a hub sends it to a subscriber.
std::string encoded(const protocol::event& x);

/// A `container_started` of `container`, as a hub sends it.
std::string started_event(const std::string& container);

std::size_t lines_of(const std::string& text);

/// The next client that subscribes at `hub`.
raw_socket await_subscriber(const listener& hub);

} // namespace clearance::test
