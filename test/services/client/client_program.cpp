#include "test/services/client/client_program.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace clearance::test {

child run_client(const temp_dir& runtime,
                 const std::vector<std::string>& arguments, std::string input) {
  child_options options;
  options.argv = {TEST_TEROK_CLEARANCE};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.environment = {{"XDG_RUNTIME_DIR", runtime.path().string()}};
  options.stdin_bytes = std::move(input);
  return child{std::move(options)};
}

child run_script(const temp_dir& runtime, const std::string& script) {
  child_options options;
  options.argv = {"/bin/bash", "-o", "pipefail", "-c", script};
  options.environment = {{"XDG_RUNTIME_DIR", runtime.path().string()},
                         {"terok_clearance", TEST_TEROK_CLEARANCE}};
  return child{std::move(options)};
}

std::string encoded(const protocol::event& x) {
  std::string bytes;
  protocol::encode(x, bytes);
  return bytes;
}

std::string started_event(const std::string& container) {
  protocol::event x;
  x.type = protocol::event_type::container_started;
  x.container = container;
  return encoded(x);
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

raw_socket await_subscriber(const listener& hub) {
  auto peer = hub.await_connection();
  CHECK(peer.read_frame().has_value());
  return peer;
}

} // namespace clearance::test
