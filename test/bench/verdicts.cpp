#include "test/bench/clients.hpp"
#include "test/bench/shared_memory.hpp"
#include "test/bench/worker.hpp"
#include "test/bench/workload.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>

extern char** environ;

namespace clearance::bench {

namespace {

using clock = std::chrono::steady_clock;

std::string verdict_call(std::size_t number) {
  return R"({"method":"org.terok.Clearance1.Verdict","parameters":{)"
         R"("container":")"
         + std::string(block_container) + R"(","request_id":")"
         + request_id(number) + R"(","dest":")" + block_target
         + R"(","action":"allow"}})" + '\0';
}

// One client that writes calls without waiting for replies.
struct caller {
  test::raw_socket socket;
  std::string calls;
  std::size_t written = 0;
  std::string replies;
  std::size_t answered = 0;

  void step(std::size_t all) {
    if (written < calls.size())
      written += socket.send_some(std::string_view{calls}.substr(written));
    const auto before = replies.size();
    if (!socket.read_some(replies) && answered < all)
      throw std::runtime_error("a caller's connection was closed");
    answered += static_cast<std::size_t>(
        std::count(replies.begin() + static_cast<std::ptrdiff_t>(before),
                   replies.end(), '\0'));
  }

  std::size_t replies_with(std::string_view text) const {
    std::size_t result = 0;
    for (auto at = replies.find(text); at != std::string::npos;
         at = replies.find(text, at + 1))
      ++result;
    return result;
  }
};

struct call_result {
  double seconds;
  std::size_t as_expected;
};

// Runs in the callers' process: writes calls as fast as the hub reads them.
call_result call_all(std::vector<caller>& callers, std::size_t each,
                     std::string_view expected) {
  const auto begin = clock::now();
  std::vector<pollfd> polled(callers.size());
  for (std::size_t open = callers.size(); open > 0;) {
    for (std::size_t i = 0; i < callers.size(); ++i) {
      auto& x = callers[i];
      const auto write = x.written < x.calls.size() ? POLLIN | POLLOUT : POLLIN;
      polled[i] = {x.answered < each ? x.socket.fd() : -1,
                   static_cast<short>(write), 0};
    }
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 0; i < callers.size(); ++i)
      if (polled[i].revents != 0) {
        callers[i].step(each);
        open -= callers[i].answered >= each ? 1 : 0;
      }
  }
  call_result result{
      std::chrono::duration<double>(clock::now() - begin).count(), 0};
  for (auto& x : callers)
    result.as_expected += x.replies_with(expected);
  return result;
}

call_result run_calls(const server& on, std::size_t connections,
                      std::size_t each, std::string_view expected) {
  std::vector<caller> callers;
  std::size_t number = 0;
  for (std::size_t i = 0; i < connections; ++i) {
    auto& x = callers.emplace_back(
        caller{test::raw_socket{on.clearance()}, {}, 0, {}, 0});
    for (std::size_t k = 0; k < each; ++k)
      x.calls += verdict_call(number++);
  }
  shared_array<call_result> result{1};
  worker process{"callers",
                 [&] { result[0] = call_all(callers, each, expected); }};
  process.wait();
  return result[0];
}

void count(report& out, const std::string& workload, std::size_t expected,
           const call_result& x) {
  if (x.as_expected != expected)
    out.wrong(workload + ": " + std::to_string(x.as_expected) + " of "
              + std::to_string(expected) + " answered as they should be");
  out.at(workload, "calls/s", "")
      .hub.push_back(static_cast<double>(expected) / x.seconds);
}

// The least that an executed verdict costs: starting and reaping a process,
// with as many processes at the same time as the hub runs.
double children_per_s(std::size_t count, std::size_t side_by_side) {
  const auto begin = clock::now();
  std::string name = "/bin/true";
  std::array<char*, 2> argv{name.data(), nullptr};
  std::size_t started = 0;
  for (std::size_t ended = 0; ended < count; ++ended) {
    for (; started < count && started < ended + side_by_side; ++started) {
      pid_t pid = -1;
      if (::posix_spawn(&pid, name.c_str(), nullptr, nullptr, argv.data(),
                        environ)
          != 0)
        throw std::runtime_error("cannot start /bin/true");
    }
    ::wait(nullptr);
  }
  return static_cast<double>(count)
         / std::chrono::duration<double>(clock::now() - begin).count();
}

double floor_children_per_s(std::size_t count) {
  shared_array<double> result{1};
  worker process{"children", [&] { result[0] = children_per_s(count, 32); }};
  process.wait();
  return result[0];
}

} // namespace

void verdicts_refused(const plan& how, report& out) {
  const std::string name = "verdicts refused 8";
  out.at(name, "calls/s", "", {}, value_min(100'000));
  const auto each = how.scaled(50'000);
  how.repeat([&](const server& on) {
    count(out, name, 8 * each,
          run_calls(on, 8, each, "org.terok.Clearance1.UnknownRequest"));
  });
}

void verdicts_executed(const plan& how, report& out) {
  const std::string name = "verdicts executed 32";
  out.at(name, "calls/s", "");
  const auto each = how.scaled(100);
  how.repeat([&](const server& on) {
    {
      auto sockets = connect_clients(on, 1);
      // A client may cite what it has seen. Announces at most as many blocks at
      // once as a queue holds, so that none is lost.
      for (std::size_t i = 0; i < 32 * each; i += 50) {
        for (auto k = i; k < i + 50; ++k)
          sockets.reader.send(block_line(k));
        for (auto k = i; k < i + 50; ++k)
          sockets.subscribers[0].read_frame();
      }
    }
    count(out, name, 32 * each, run_calls(on, 32, each, R"("ok":true)"));
    out.at(name, "calls/s", "")
        .floor.push_back(floor_children_per_s(32 * each));
  });
}

} // namespace clearance::bench
