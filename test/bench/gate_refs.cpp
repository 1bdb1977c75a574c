// The cost of the gate in addition to git's own. Measured with `info/refs`, the
// request with which each clone, fetch and push begins. Nearly all of its time
// is the start of git.

#include "test/bench/nginx.hpp"
#include "test/bench/server.hpp"
#include "test/bench/shared_memory.hpp"
#include "test/bench/worker.hpp"
#include "test/bench/workload.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/net/http_client.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace clearance::bench {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t clients_max = 16;

struct answers {
  std::size_t right = 0;
  std::size_t wrong = 0;
  double seconds = 0;
};

/// One client: it sends a request and reads the answer, again and again. It
/// looks only for the status line and the end of the answer, so that it uses
/// little processor time itself.
class asker {
public:
  explicit asker(const fs::path& socket) : socket_(socket) {}

  int fd() const noexcept { return socket_.fd(); }

  void ask(std::string_view request) {
    answer_.clear();
    socket_.send(request);
  }

  /// True once the answer is complete.
  bool hear() {
    if (!socket_.read_some(answer_))
      throw std::runtime_error("the server closed a connection");
    return answer_.ends_with("\r\n0\r\n\r\n");
  }

  bool ok() const { return answer_.starts_with("HTTP/1.1 200 "); }

private:
  test::raw_socket socket_;
  std::string answer_;
};

// Runs in a process of its own. A busy machine may not answer once within the
// time: the load goes on until there are as many answers as clients.
answers ask_all(const fs::path& socket, std::size_t clients,
                std::chrono::milliseconds time) {
  const auto request =
      test::http_request("GET", "/r.git/info/refs?service=git-upload-pack",
                         {test::authorization(test::gate_world::token)});
  std::vector<asker> askers;
  std::vector<pollfd> polled;
  for (std::size_t i = 0; i < clients; ++i) {
    askers.emplace_back(socket);
    polled.push_back({askers.back().fd(), POLLIN, 0});
  }
  answers result;
  const auto begin = clock::now();
  for (auto& x : askers)
    x.ask(request);
  while (clock::now() - begin < time || result.right + result.wrong < clients) {
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 0; i < clients; ++i)
      if (polled[i].revents != 0 && askers[i].hear()) {
        ++(askers[i].ok() ? result.right : result.wrong);
        askers[i].ask(request);
      }
  }
  result.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  return result;
}

answers ask_apart(const fs::path& socket, std::size_t clients,
                  std::chrono::milliseconds time) {
  shared_array<answers> result{1};
  worker process{"clients",
                 [&] { result[0] = ask_all(socket, clients, time); }};
  process.wait();
  return result[0];
}

// Counts the servers only; git costs the same behind both.
double cpu_us(const std::vector<pid_t>& pids) {
  std::chrono::duration<double, std::micro> sum{};
  for (auto pid : pids)
    sum += usage_of(pid).cpu;
  return sum.count();
}

std::chrono::milliseconds load_time(const plan& how) {
  return std::chrono::milliseconds{how.quick ? 300 : 3000};
}

/// A gate and, if it is installed, nginx in front of the same repositories.
struct contest {
  explicit contest(report& out) {
    world.seed();
    gate = std::make_unique<test::child>(
        test::gate_on_socket(world, {{"--log-level", "info"}, {}, true}));
    gate->await_err("serving");
    if (nginx::installed())
      rival = std::make_unique<nginx>(world);
    else
      out.skipped("nginx or fcgiwrap is not installed: nothing to hold "
                  "info/refs against");
  }

  void run(const std::string& name, std::size_t clients, const plan& how,
           report& out) {
    auto& rate = out.at(name, "requests/s", "", ratio_min(1), ratio_min(1));
    auto& cpu = out.at(name, "own cpu/request", "us");
    auto once = [&](const fs::path& socket, const std::vector<pid_t>& pids,
                    std::vector<double>& rates, std::vector<double>& cpus) {
      const auto before = cpu_us(pids);
      const auto x = ask_apart(socket, clients, load_time(how));
      const auto right = static_cast<double>(x.right);
      cpus.push_back((cpu_us(pids) - before) / right);
      rates.push_back(right / x.seconds);
      if (x.wrong > 0 || x.right == 0)
        out.wrong(name + ": " + std::to_string(x.wrong) + " wrong answers, "
                  + std::to_string(x.right) + " right ones");
    };
    for (int i = 0; i < how.rounds; ++i) {
      once(world.socket(), {gate->pid()}, rate.hub, cpu.hub);
      if (rival)
        once(rival->socket(), rival->pids(), rate.floor, cpu.floor);
    }
  }

  test::gate_world world;
  std::unique_ptr<test::child> gate;
  std::unique_ptr<nginx> rival;
};

} // namespace

void gate_refs(const plan& how, report& out) {
  contest both{out};
  for (std::size_t clients : {std::size_t{1}, std::size_t{4}, clients_max})
    if (how.wants(clients))
      both.run("gate-refs " + std::to_string(clients), clients, how, out);
}

void gate_many_refs(const plan& how, report& out) {
  contest both{out};
  const auto id = both.world.in_mirror({"rev-parse", "main"});
  std::size_t made = 0;
  for (std::size_t refs : {100U, 1000U, 10'000U, 100'000U}) {
    if (how.quick && refs > 1000)
      break;
    auto options =
        both.world.git_options({"update-ref", "--stdin"}, "mirrors/r.git");
    for (; made < refs; ++made)
      options.stdin_bytes +=
          "create refs/tags/t" + std::to_string(made) + ' ' + id + '\n';
    test::child update{std::move(options)};
    if (update.wait(std::chrono::minutes{2}) != test::exited(0))
      throw std::runtime_error("git update-ref: " + update.err());
    both.world.in_mirror({"pack-refs", "--all"});
    if (how.wants(refs))
      both.run("gate-many-refs " + std::to_string(refs), 1, how, out);
  }
}

} // namespace clearance::bench
