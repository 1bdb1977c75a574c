// The bench connects everything, then forks both sides, which inherit their
// sockets. They share the times of sending and the results. No event is parsed:
// the n-th NUL on a connection ends the n-th event. The count shows a lost
// event. A run that measures latencies has no result if it lost an event.

#include "test/bench/load.hpp"

#include "test/bench/clients.hpp"
#include "test/bench/shared_memory.hpp"
#include "test/bench/worker.hpp"
#include "test/support/process/process_facts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace clearance::bench {

namespace {

std::int64_t now_ns() {
  timespec x{};
  ::clock_gettime(CLOCK_MONOTONIC, &x);
  return x.tv_sec * 1'000'000'000LL + x.tv_nsec;
}

void sleep_until_ns(std::int64_t when) {
  const timespec x{when / 1'000'000'000, when % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &x, nullptr);
}

constexpr int server_processor = 0;
constexpr int other_processor = 1;

struct shared_state {
  std::int64_t began_ns;
  std::int64_t ended_ns;
  std::atomic<bool> all_sent;
};

class run {
public:
  run(const server& on, const load& x, bool pinned)
      : load_(x),
        pinned_(pinned),
        with_latencies_(x.how == pace::each_ms || x.how == pace::in_turn),
        sockets_(connect_clients(on, x.subscribers + x.stuck)),
        state_(1),
        sent_ns_(x.events),
        counts_(x.subscribers),
        latencies_ns_(with_latencies_ ? x.events * x.subscribers : 0) {
    // nop
  }

  load_result measure(const server& on) {
    if (pinned_)
      pin(on.pid(), server_processor);
    const auto before = usage_of(on.pid());
    worker subscribers{"subscribers", [this] { subscribe(); }};
    worker emitter{"emitter", [this] { emit(); }};
    emitter.wait();
    subscribers.wait();
    const auto after = usage_of(on.pid());
    auto result = sum_up();
    result.server_cpu = after.cpu - before.cpu;
    result.server_switches =
        after.voluntary_switches - before.voluntary_switches;
    result.server_resident = test::resident_bytes(on.pid());
    return result;
  }

private:
  void pin_self(int processor) const {
    if (pinned_)
      pin(::getpid(), processor);
  }

  // -- the emitter's process --------------------------------------------------

  void emit() {
    pin_self(with_latencies_ ? other_processor : server_processor);
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < load_.events; ++i)
      lines.push_back(load_.mixed ? mixed_block_line(i) : block_line(i));
    if (load_.how == pace::bulk)
      lines = joined(lines);
    subscribers_ready_.await();
    auto due = state_[0].began_ns = now_ns();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (load_.how == pace::each_ms)
        sleep_until_ns(due += 1'000'000);
      if (with_latencies_)
        sent_ns_[i] = now_ns();
      sockets_.reader.send(lines[i]);
      if (load_.how == pace::in_turn)
        all_have_it_.await();
    }
    state_[0].all_sent = true;
  }

  static std::vector<std::string> joined(const std::vector<std::string>& xs) {
    constexpr std::size_t chunk_bytes = 64 * 1024;
    std::vector<std::string> result;
    for (auto& x : xs) {
      if (result.empty() || result.back().size() + x.size() > chunk_bytes)
        result.emplace_back();
      result.back() += x;
    }
    return result;
  }

  // -- the subscribers' process -----------------------------------------------

  void subscribe() {
    pin_self(other_processor);
    constexpr int lost_after_ms = 2000;
    test::unique_fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    for (std::size_t i = 0; i < load_.subscribers; ++i) {
      epoll_event entry{};
      entry.events = EPOLLIN;
      entry.data.u64 = i;
      ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, sockets_.subscribers[i].fd(),
                  &entry);
    }
    std::array<epoll_event, 256> ready;
    subscribers_ready_.raise();
    while (complete_ < load_.subscribers) {
      const auto all_sent = state_[0].all_sent.load();
      const auto n =
          ::epoll_wait(epoll.get(), ready.data(),
                       static_cast<int>(ready.size()), lost_after_ms);
      if (n == 0 && all_sent)
        return; // the missing events were lost
      for (int i = 0; i < n; ++i)
        receive(ready[static_cast<std::size_t>(i)].data.u64);
    }
  }

  void receive(std::size_t who) {
    const auto n = ::recv(sockets_.subscribers[who].fd(), buffer_.data(),
                          buffer_.size(), MSG_DONTWAIT);
    const auto now = now_ns();
    if (n <= 0)
      throw std::runtime_error("a subscriber's connection was closed");
    const auto events = static_cast<std::size_t>(
        std::count(buffer_.data(), buffer_.data() + n, '\0'));
    auto& count = counts_[who];
    if (with_latencies_)
      for (auto i = count; i < count + events; ++i)
        latencies_ns_[i * load_.subscribers + who] = now - sent_ns_[i];
    count += events;
    state_[0].ended_ns = now;
    if (events > 0 && count == load_.events)
      ++complete_;
    if (load_.how == pace::in_turn
        && (in_turn_ += events) == load_.subscribers) {
      in_turn_ = 0;
      all_have_it_.raise();
    }
  }

  // -- the bench --------------------------------------------------------------

  load_result sum_up() {
    load_result result;
    const auto begin = counts_.begin();
    const auto end = begin + load_.subscribers;
    result.delivered_min = *std::min_element(begin, end);
    for (auto i = begin; i != end; ++i)
      result.delivered += *i;
    result.expected = load_.events * load_.subscribers;
    result.time =
        std::chrono::nanoseconds{state_[0].ended_ns - state_[0].began_ns};
    if (!with_latencies_)
      return result;
    if (result.delivered < result.expected)
      throw std::runtime_error("an event was lost while latency was measured");
    result.latencies_us.reserve(result.expected);
    for (std::size_t i = 0; i < result.expected; ++i)
      result.latencies_us.push_back(static_cast<double>(latencies_ns_[i])
                                    / 1e3);
    return result;
  }

  load load_;
  bool pinned_;
  bool with_latencies_;
  clients sockets_;
  signal_fd subscribers_ready_;
  signal_fd all_have_it_;
  shared_array<shared_state> state_;
  shared_array<std::int64_t> sent_ns_;
  shared_array<std::size_t> counts_; // events of each subscriber that reads
  shared_array<std::int64_t> latencies_ns_;

  // Counts the subscribers' process only.
  std::array<char, 256 * 1024> buffer_;
  std::size_t complete_ = 0;
  std::size_t in_turn_ = 0;
};

} // namespace

load_result run_load(const server& on, const load& x, bool pinned) {
  return run{on, x, pinned}.measure(on);
}

} // namespace clearance::bench
