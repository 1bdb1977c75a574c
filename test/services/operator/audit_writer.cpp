#include "services/operator/audit_writer.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace audit_writer_tests {

using namespace clearance;
using namespace clearance::services;
using protocol::audit_event;
using protocol::audit_record;

namespace {

/// The disk, as the test wants it: each write waits until the test says what
/// becomes of it.
class fake_disk {
public:
  // -- of the writer's thread --

  audit_result write(std::span<const audit_record> records, bool is_synced) {
    std::unique_lock lock{mutex_};
    is_asked_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !answers_.empty(); });
    auto why = answers_.front();
    if (!is_open_)
      answers_.pop_front();
    is_asked_ = false;
    if (!why.empty())
      return {false, why};
    for (const auto& x : records)
      written_.push_back(x);
    synced_ += is_synced ? 1 : 0;
    changed_.notify_all();
    return {true, {}};
  }

  // -- of the test --

  void await_write() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return is_asked_; });
  }

  /// What becomes of the next write. Empty: it succeeds.
  void answer(std::string why) {
    const std::lock_guard lock{mutex_};
    answers_.push_back(std::move(why));
    changed_.notify_all();
  }

  /// All further writes succeed.
  void open() {
    const std::lock_guard lock{mutex_};
    answers_.assign(1, {});
    is_open_ = true;
    changed_.notify_all();
  }

  std::vector<audit_record> await_written(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return written_.size() >= count; });
    return written_;
  }

  std::size_t synced() {
    const std::lock_guard lock{mutex_};
    return synced_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> answers_;
  std::vector<audit_record> written_;
  std::size_t synced_ = 0;
  bool is_asked_ = false;
  bool is_open_ = false;
};

class fake_store : public audit_store {
public:
  explicit fake_store(std::shared_ptr<fake_disk> disk)
      : disk_(std::move(disk)) {}
  audit_result write(std::span<const audit_record> records,
                     bool is_synced) override {
    return disk_->write(records, is_synced);
  }
  std::string reopen() override { return {}; }
  void tend() override {}
  const std::string& path() const override { return path_; }

private:
  std::shared_ptr<fake_disk> disk_;
  std::string path_ = "/trail";
};

/// Answers to one record that somebody waits for.
class answer_box {
public:
  actors::audit_sink::done_function done() {
    return [this](const std::string& why) {
      const std::lock_guard lock{mutex_};
      answers_.push_back(why);
      changed_.notify_all();
    };
  }
  std::string await() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !answers_.empty(); });
    auto result = answers_.front();
    answers_.pop_front();
    return result;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> answers_;
};

struct writer_place {
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  audit_writer writer;

  explicit writer_place(audit_writer_config config = {})
      : writer(std::make_unique<fake_store>(disk), config) {}
};

audit_record numbered(std::uint64_t n) {
  audit_record result;
  result.event = audit_event::policy_load;
  result.count = n;
  return result;
}

audit_record applied() {
  audit_record result;
  result.event = audit_event::decision_result;
  result.decision.emplace().result = protocol::decision_result::applied;
  return result;
}

std::vector<std::uint64_t> counts_of(const std::vector<audit_record>& xs) {
  std::vector<std::uint64_t> result;
  for (const auto& x : xs)
    result.push_back(x.count);
  return result;
}

using numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("records are written in order, and a stop ends the trail") {
  writer_place at;
  at.disk->open();
  at.writer.start();
  for (std::uint64_t n = 1; n <= 5; ++n)
    at.writer.add(numbered(n), nullptr);
  CHECK(at.writer.stop(std::chrono::minutes{1}));
  const auto all = at.disk->await_written(6);
  CHECK(counts_of(all) == numbers{1, 2, 3, 4, 5, 0});
  CHECK(all.back().event == audit_event::stop);
  CHECK(all.front().time > 0);
  at.writer.add(numbered(9), nullptr);
  CHECK_EQ(at.writer.counts().lost, 1);
}

TEST_CASE("who waits is told when the record is on the disk") {
  writer_place at{{true}};
  at.disk->open();
  at.writer.start();
  at.writer.add(numbered(1), nullptr);
  at.disk->await_written(1);
  CHECK_EQ(at.disk->synced(), 0);
  answer_box box;
  at.writer.add(numbered(2), box.done());
  CHECK(box.await().empty());
  CHECK_EQ(at.disk->synced(), 1);
}

TEST_CASE("after a failed write all who wait are told, and nothing is lost") {
  writer_place at;
  at.writer.start();
  at.writer.add(numbered(1), nullptr);
  at.disk->await_write();
  answer_box box;
  at.writer.add(numbered(2), box.done());
  at.disk->answer("No space left on device");
  CHECK_EQ(box.await(), "No space left on device");
  // The next one that waits does not wait for the retry.
  answer_box next;
  at.writer.add(numbered(3), next.done());
  at.disk->await_write();
  at.disk->answer("still full");
  CHECK_EQ(next.await(), "still full");
  at.disk->open();
  CHECK(counts_of(at.disk->await_written(3)) == numbers{1, 2, 3});
  CHECK_EQ(at.writer.counts().lost, 0);
  CHECK(at.writer.counts().failures >= 2);
}

TEST_CASE("the state says what is wrong, and that it is mended") {
  writer_place at;
  at.writer.start();
  std::mutex mutex;
  std::condition_variable changed;
  std::string state;
  at.writer.follow([&](const std::string& text) {
    const std::lock_guard lock{mutex};
    state = text;
    changed.notify_all();
  });
  auto await_state = [&](const std::string& text) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return state == text; });
  };
  await_state("/trail");
  at.writer.add(numbered(1), nullptr);
  at.disk->answer("full");
  await_state("/trail; cannot be written: full; 1 records wait");
  at.disk->open();
  await_state("/trail");
  at.writer.follow(nullptr);
}

TEST_CASE("at the limit new records are lost, counted, and said in the trail") {
  audit_writer_config config;
  config.queue_max_records = 3;
  writer_place at{config};
  for (std::uint64_t n = 1; n <= 5; ++n)
    at.writer.add(numbered(n), nullptr);
  // An applied verdict is not lost for that.
  for (int i = 0; i < 4; ++i)
    at.writer.add(applied(), nullptr);
  CHECK_EQ(at.writer.counts().waiting, 6);
  CHECK_EQ(at.writer.counts().lost, 3);
  at.disk->open();
  at.writer.start();
  const auto all = at.disk->await_written(7);
  CHECK(counts_of(all) == numbers{1, 2, 3, 0, 0, 0, 3});
  CHECK(all.back().event == audit_event::records_lost);
}

TEST_CASE("a hub that ends does not wait for a disk that hangs") {
  writer_place at;
  at.writer.start();
  at.writer.add(numbered(1), nullptr);
  at.disk->await_write();
  CHECK_FALSE(at.writer.stop(std::chrono::milliseconds{1}));
  at.disk->open();
}

TEST_CASE("records that nobody waits for are gathered") {
  const auto disk = std::make_shared<fake_disk>();
  audit_writer_config config;
  config.gather_time = std::chrono::hours{1};
  audit_writer writer{std::make_unique<fake_store>(disk), config};
  writer.start();
  answer_box answers;
  SUBCASE("until somebody waits for one") {
    writer.add({}, nullptr);
    writer.add({}, nullptr);
    writer.add({}, answers.done());
    disk->await_write();
    disk->answer({}); // of the only write
    CHECK(disk->await_written(3).size() == 3);
  }
  SUBCASE("until they fill a write") {
    for (std::size_t i = 0;
         i < protocol::operator_limits::audit_write_max_records; ++i)
      writer.add({}, nullptr);
    disk->await_write();
  }
  disk->open();
  CHECK(writer.stop(std::chrono::minutes{1}));
}

} // namespace audit_writer_tests
