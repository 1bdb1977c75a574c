#include "services/process/log_writer.hpp"

#include "protocol/base/log_limits.hpp"
#include "test/support/deadline.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace log_writer_tests {

using namespace clearance;
using namespace std::chrono_literals;
using actors::severity;
using services::log_writer;
using services::queued_line;
namespace log_limits = protocol::log_limits;

namespace {

/// What the output wrote, and whether it can.
struct reader {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  bool is_stuck = false;
  bool is_waiting = false; // a write
  bool fails = false;
  bool throws = false;

  void set(bool reader::*what, bool value) {
    const std::lock_guard guard{mutex};
    this->*what = value;
    changed.notify_all();
  }

  std::vector<std::string> seen() {
    const std::lock_guard guard{mutex};
    return lines;
  }

  void await_waiting() {
    std::unique_lock lock{mutex};
    REQUIRE(changed.wait_for(lock, test::hang_guard,
                             [this] { return is_waiting; }));
  }
};

class fake_output final : public services::log_output {
public:
  explicit fake_output(std::shared_ptr<reader> to) : to_(std::move(to)) {}

  bool write(const queued_line& x) override {
    std::unique_lock lock{to_->mutex};
    to_->is_waiting = true;
    to_->changed.notify_all();
    to_->changed.wait(lock, [this] { return !to_->is_stuck; });
    to_->is_waiting = false;
    if (to_->throws)
      throw std::bad_alloc{};
    if (to_->fails)
      return false;
    to_->lines.push_back(x.text);
    return true;
  }

  bool await_room(std::chrono::milliseconds) override {
    const std::lock_guard guard{to_->mutex};
    return !to_->is_stuck;
  }

private:
  std::shared_ptr<reader> to_;
};

/// A writer and its reader. The writer's thread may outlive it.
struct fixture {
  std::shared_ptr<reader> at = std::make_shared<reader>();
  log_writer writer{std::make_unique<fake_output>(at)};

  ~fixture() { at->set(&reader::is_stuck, false); }

  void push(severity level, const std::string& text) {
    writer.push({level, {}, text});
  }
};

using texts = std::vector<std::string>;

std::string lost(std::size_t lines, std::size_t notices) {
  return "log: nobody read the log for a while, lines were lost lines="
         + std::to_string(lines) + " notices=" + std::to_string(notices);
}

} // namespace

TEST_CASE("lines wait for the thread, and are all written at the end") {
  fixture x;
  x.push(severity::info, "a");
  x.push(severity::debug, "b");
  CHECK(x.at->seen().empty());
  CHECK(x.writer.start());
  CHECK(x.writer.start()); // nothing happens
  x.push(severity::notice, "c");
  CHECK(x.writer.flush(test::hang_guard));
  CHECK(x.at->seen() == texts{"a", "b", "c"});
}

TEST_CASE("lines of before the thread's start are written") {
  fixture x;
  x.push(severity::error, "a");
  CHECK(x.writer.flush(test::hang_guard));
  CHECK(x.at->seen() == texts{"a"});
}

TEST_CASE("whoever logs does not wait for a reader that does not read") {
  fixture x;
  x.at->set(&reader::is_stuck, true);
  REQUIRE(x.writer.start());
  x.push(severity::info, "first");
  x.at->await_waiting();
  // One line is being written; the queue holds its bound of the others.
  for (std::size_t i = 0; i < log_limits::queue_max_lines + 300; ++i)
    x.push(severity::debug, "debug");
  for (int i = 0; i < 85; ++i)
    x.push(severity::notice, "notice");
  CHECK_FALSE(x.writer.flush(1ms));
  CHECK_FALSE(x.writer.flush(test::hang_guard)); // waits no second time
  CHECK(x.at->seen().empty());
  x.at->set(&reader::is_stuck, false);
  x.push(severity::info, "last"); // takes the place of another
  auto lines = x.at->seen();
  const test::deadline guard;
  while (std::find(lines.begin(), lines.end(), "last") == lines.end()) {
    guard.pace("the last line");
    lines = x.at->seen();
  }
  CHECK(lines[0] == "first");
  // The number comes where the lines are missing, once. The last line came
  // before or after it was told.
  std::size_t told = 0;
  std::size_t notices = 0;
  for (const auto& each : lines) {
    told += each == lost(385, 0) || each == lost(386, 0) ? 1 : 0;
    notices += each == "notice" ? 1 : 0;
  }
  CHECK(told == 1);
  CHECK(notices == 85);
}

TEST_CASE("lines that cannot be written are counted until one can") {
  fixture x;
  SUBCASE("the output says so") {
    x.at->set(&reader::fails, true);
  }
  SUBCASE("the output has no memory") {
    x.at->set(&reader::throws, true);
  }
  x.push(severity::info, "a");
  x.push(severity::notice, "b");
  CHECK(x.writer.flush(test::hang_guard));
  CHECK(x.at->seen().empty());
  x.at->set(&reader::fails, false);
  x.at->set(&reader::throws, false);
  x.push(severity::info, "c");
  CHECK(x.writer.flush(test::hang_guard));
  CHECK(x.at->seen() == texts{"c", lost(2, 1)});
}

TEST_CASE("many threads log at once") {
  fixture x;
  REQUIRE(x.writer.start());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&x] {
        for (int j = 0; j < 100; ++j)
          x.push(severity::info, "x");
      });
  }
  CHECK(x.writer.flush(test::hang_guard));
  CHECK(x.at->seen().size() == 400);
}

TEST_CASE(
    "a process that aborts writes what waits, and does not wait for ever") {
  fixture x;
  x.push(severity::info, "a");
  SUBCASE("without a thread") {
    x.writer.flush_crashing({severity::error, {}, "last"}, test::hang_guard);
    CHECK(x.at->seen() == texts{"a", "last"});
  }
  SUBCASE("without a thread, and nobody reads") {
    x.at->set(&reader::is_stuck, true);
    x.writer.flush_crashing({severity::error, {}, "last"}, test::hang_guard);
    CHECK(x.at->seen().empty());
  }
  SUBCASE("with one") {
    REQUIRE(x.writer.start());
    x.writer.flush_crashing({severity::error, {}, "last"}, test::hang_guard);
    CHECK(x.at->seen() == texts{"a", "last"});
  }
  SUBCASE("with one that is stuck") {
    x.at->set(&reader::is_stuck, true);
    REQUIRE(x.writer.start());
    x.at->await_waiting();
    x.writer.flush_crashing({severity::error, {}, "last"}, 1ms);
    CHECK(x.at->seen().empty());
  }
}

} // namespace log_writer_tests
