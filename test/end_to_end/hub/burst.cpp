// 50 000 events, written as fast as the socket takes them, reach a client that
// reads. The Python hub delivers 140 of them. Source: clearance.md, section 4.
//
// Section 4 promises this in wall time: the client takes a whole event within
// 50 ms, and the hub pauses a reader for at most 250 ms. On a machine with more
// work than processors the kernel keeps the client or the hub waiting for
// longer, and clearance.md allows that events are lost then. It also allows a
// loss if the client needed too long for the bytes that it had read. So the
// test counts a loss only if the kernel's accounts and the client's clock show
// that hub and client both had time to run. Otherwise the test repeats the
// burst.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/run_delay.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <poll.h>

namespace burst_tests {

namespace {

using namespace clearance::test;
using namespace std::chrono_literals;

constexpr int burst = 50'000;
constexpr int attempts = 5;
constexpr std::string_view end_mark = "end of the burst";

/// How long a process did not run, or a client did not read, while section 4 of
/// clearance.md expects it to.
struct absence {
  std::chrono::nanoseconds total{};
  std::chrono::nanoseconds longest{};

  void add(std::chrono::nanoseconds x) {
    total += x;
    longest = std::max(longest, x);
  }

  bool excuses_a_loss() const { return total >= 200ms || longest >= 40ms; }
};

struct taken {
  std::string bytes;
  absence delayed; ///< by the kernel
  absence busy;    ///< between two reads
};

block nth(int i) {
  block result;
  result.request_id = "c1:" + std::to_string(i);
  result.domain = "download.example.org";
  return result;
}

std::string burst_lines() {
  std::string result;
  for (int i = 0; i < burst; ++i)
    result += nth(i).line();
  return result + mark_line("marks", std::string(end_mark));
}

bool has_ended(const std::string& bytes) {
  const auto tail = bytes.size() - std::min<std::size_t>(bytes.size(), 400);
  return bytes.ends_with('\0')
         && bytes.find(end_mark, tail) != std::string::npos;
}

/// Memory for all bytes that can arrive, already in use by the process: a
/// string that has to grow is copied, and the client does not read meanwhile.
std::string prepared_buffer() {
  std::string result(std::size_t{burst} * 600, '\0');
  result.clear();
  return result;
}

/// Reads as fast as it can, up to the end mark. The hub never drops that mark.
taken read_burst(varlink_client& client, std::string buffer) {
  using clock = std::chrono::steady_clock;
  const deadline guard;
  const run_delay kernel;
  taken result{std::move(buffer), {}, {}};
  for (auto last = kernel.so_far(); !has_ended(result.bytes);) {
    guard.await(client.socket().fd(), POLLIN, "the end of the burst");
    const auto back = clock::now();
    if (!client.socket().read_some(result.bytes))
      throw std::runtime_error("closed in the middle of the burst");
    const auto now = kernel.so_far();
    result.delayed.add(now - last);
    last = now;
    result.busy.add(clock::now() - back);
  }
  return result;
}

/// Events that arrived.
std::ptrdiff_t arrived(const taken& x) {
  return std::ranges::count(x.bytes, '\0') - 1;
}

bool complete(const taken& x) {
  return arrived(x) == burst;
}

void check_order(const taken& x) {
  std::size_t begin = 0;
  for (int i = 0; i < burst; ++i) {
    const auto end = x.bytes.find('\0', begin);
    REQUIRE(end != std::string::npos);
    const auto frame = std::string_view(x.bytes).substr(begin, end - begin);
    REQUIRE(wire_event::of_reply(frame) == nth(i).event());
    begin = end + 1;
  }
}

std::string milliseconds(std::chrono::nanoseconds x) {
  return std::to_string(x / 1ms) + " ms";
}

/// Sends one burst to `readers` clients that read and to `stuck` clients that
/// do not read. Returns an empty text if all events arrived. Otherwise events
/// were lost, and the text says for how long hub or clients could not run.
std::string unjudged(std::size_t readers, std::size_t stuck,
                     const std::string& lines) {
  const runtime where;
  hub server{where};
  std::vector<varlink_client> silent, clients;
  for (std::size_t i = 0; i < stuck; ++i)
    silent.push_back(server.subscriber());
  for (std::size_t i = 0; i < readers; ++i)
    clients.push_back(server.subscriber());
  // Marks that came after a subscription do not belong to the burst.
  for (std::size_t i = 0; i + 1 < clients.size(); ++i)
    clients[i].await_mark(clients.back().last_mark());
  std::vector<std::string> buffers;
  for (std::size_t i = 0; i < readers; ++i)
    buffers.push_back(prepared_buffer());
  auto reader = server.reader();
  const auto before = run_delay_of(server.pid()) + stolen_time();
  std::vector<std::future<taken>> reads;
  for (std::size_t i = 0; i < readers; ++i)
    reads.push_back(std::async(std::launch::async, read_burst,
                               std::ref(clients[i]), std::move(buffers[i])));
  reader.send(lines);
  std::vector<taken> all;
  for (auto& read : reads)
    all.push_back(read.get());
  auto delayed = run_delay_of(server.pid()) + stolen_time() - before;
  for (const auto& x : all)
    delayed += x.delayed.total;
  const auto excused = [](const taken& x) {
    return x.delayed.excuses_a_loss() || x.busy.excuses_a_loss();
  };
  const bool lost = !std::ranges::all_of(all, complete);
  if (lost && delayed >= 200ms)
    return "the kernel let hub and clients wait for " + milliseconds(delayed);
  if (const auto late = std::ranges::find_if(all, excused);
      lost && late != all.end())
    return "a client was away for " + milliseconds(late->delayed.total)
           + " by the kernel, for " + milliseconds(late->busy.total)
           + " by its own work";
  for (const auto& x : all) {
    CAPTURE(arrived(x));
    CAPTURE(delayed.count());
    CAPTURE(x.delayed.longest.count());
    CAPTURE(x.busy.total.count());
    CAPTURE(x.busy.longest.count());
    REQUIRE(complete(x));
    check_order(x);
  }
  return {};
}

void check_burst(std::size_t readers, std::size_t stuck) {
  const auto lines = burst_lines();
  std::string why;
  for (int i = 0; i < attempts; ++i) {
    why = unjudged(readers, stuck, lines);
    if (why.empty())
      return;
  }
  skipped(
      "not judged in " + std::to_string(attempts)
      + " attempts, for events were lost while the machine was too busy: in "
        "the last one "
      + why);
}

} // namespace

TEST_CASE("a burst reaches a client that reads") {
  check_burst(1, 0);
}

TEST_CASE("a burst reaches a client that reads beside a stuck one") {
  check_burst(1, 1);
}

TEST_CASE("a burst reaches several clients that read") {
  check_burst(3, 0);
}

TEST_CASE("a burst that nobody reads comes to its end, and the hub goes on") {
  const runtime where;
  hub server{where};
  auto stuck = server.subscriber();
  auto reader = server.reader();
  reader.send(burst_lines());
  reader.half_close();
  CHECK(reader.read_to_end() == "");
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
}

} // namespace burst_tests
