#include "test/end_to_end/world/supervision.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <system_error>

namespace clearance::test {

namespace fs = std::filesystem;

void supervision::start(std::vector<std::string> more) {
  std::vector<std::string> words{"run", "--sidecar-dir", world.sidecars(),
                                 "--shield", shield.program()};
  words.insert(words.end(), more.begin(), more.end());
  auto options = world.supervisor(std::move(words));
  if (descriptors)
    options.descriptors = {{*descriptors, *descriptors}};
  process_.emplace(std::move(options));
  process_->await_err("supervisor: starting");
}

std::vector<fs::path> supervision::sockets(const container& x) const {
  return {world.clearance(x), world.reader(x), world.gate(x)};
}

void supervision::await_served(const container& x) {
  const deadline guard;
  for (const auto& path : sockets(x))
    while (!accepts(path))
      guard.pace("a server at " + path.string() + "; stderr:\n"
                     + process_->err(),
                 {process_->pidfd()});
}

void supervision::await_gone(const container& x) {
  const deadline guard;
  for (const auto& path : sockets(x))
    while (fs::exists(path))
      guard.pace("the end of " + path.string() + "; stderr:\n"
                     + process_->err(),
                 {process_->pidfd()});
}

void supervision::push(const container& x) {
  const deadline guard;
  while (!accepts(world.gate(x)))
    guard.pace("a gate", {process_->pidfd()});
  const tcp_relay relay{world.gate(x)};
  world.git.commit("work", "file", std::to_string(++pushes_));
  world.git.must_git({"push", "-q", relay.url(), "main"}, "work");
}

ending supervision::stop() {
  process_->kill(SIGTERM);
  return process_->wait();
}

} // namespace clearance::test
