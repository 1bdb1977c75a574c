#include "test/bench/server.hpp"

#include "test/support/deadline.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/process/process_facts.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <sched.h>
#include <signal.h>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace clearance::bench {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

namespace {

fs::directory_iterator tasks_of(pid_t pid) {
  return fs::directory_iterator{fs::path("/proc") / std::to_string(pid)
                                / "task"};
}

std::uint64_t first_number(const fs::path& file) {
  std::ifstream in{file};
  std::uint64_t result = 0;
  in >> result;
  return result;
}

std::uint64_t voluntary_switches(const fs::path& task) {
  const std::string name = "voluntary_ctxt_switches:";
  std::ifstream in{task / "status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name))
      return std::stoull(line.substr(name.size()));
  return 0;
}

} // namespace

usage usage_of(pid_t pid) {
  usage result;
  for (const auto& entry : tasks_of(pid)) {
    const auto& task = entry.path();
    // This file counts nanoseconds; /proc/PID/stat counts ticks of 10 ms.
    result.cpu += std::chrono::nanoseconds{first_number(task / "schedstat")};
    result.voluntary_switches += voluntary_switches(task);
  }
  return result;
}

void pin(pid_t pid, int processor) {
  static const auto ours = [] {
    cpu_set_t all;
    CPU_ZERO(&all);
    ::sched_getaffinity(0, sizeof(all), &all);
    std::vector<int> result;
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &all))
        result.push_back(i);
    return result;
  }();
  const auto at = static_cast<std::size_t>(processor);
  if (ours.size() < 2 || at >= ours.size())
    return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(ours[at], &one);
  for (const auto& entry : tasks_of(pid))
    ::sched_setaffinity(std::stoi(entry.path().filename()), sizeof(one), &one);
}

server::server(const programs& which, server_kind kind,
               const hub_setting& setting)
    : process_(options(which, kind, setting)) {
  using namespace std::chrono_literals;
  // The constructor of child returns after exec() has succeeded.
  const auto begin = clock::now();
  while (!test::accepts(clearance())) {
    if (!process_.running())
      throw std::runtime_error("the server ended: " + process_.err());
    if (clock::now() - begin > test::hang_guard)
      throw std::runtime_error("the server takes no connections");
    std::this_thread::sleep_for(200us);
  }
  started_in_ = clock::now() - begin;
}

void server::stop() {
  process_.kill(SIGTERM);
  process_.wait();
}

server::~server() {
  if (!process_.running())
    return;
  try {
    stop();
  } catch (const std::exception&) {
    // The destructor kills it.
  }
}

test::child_options server::options(const programs& which, server_kind kind,
                                    const hub_setting& setting) const {
  const auto directory = dir_ / "run";
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms::owner_all);
  test::child_options result;
  auto add = [&](std::initializer_list<std::string> words) {
    result.argv.insert(result.argv.end(), words);
  };
  if (kind == server_kind::hub && setting.helper.empty())
    add({which.hub, "serve", "--inline-verdict", "--shield", "/bin/true"});
  else if (kind == server_kind::hub)
    add({which.hub, "serve", "--verdict-socket", setting.helper});
  else
    add({which.relay});
  add({"--clearance-socket", clearance(), "--reader-socket", reader()});
  result.argv.insert(result.argv.end(), setting.options.begin(),
                     setting.options.end());
  if (kind == server_kind::relay && !which.relay_mode.empty())
    add({which.relay_mode});
  // The server must not find this session's own systemd and sockets.
  for (auto name : {"NOTIFY_SOCKET", "JOURNAL_STREAM", "LISTEN_FDS"})
    result.environment.emplace_back(name, "");
  return result;
}

} // namespace clearance::bench
