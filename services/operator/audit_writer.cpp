// The thread is detached: a disk that hangs must not keep the program from
// ending. It takes records off the queue only when they are in the file, so a
// failed write loses nothing; while writes fail it tries one record at a time,
// because a disk that is nearly full may still take one.

#include "services/operator/audit_writer.hpp"

#include "actors/base/counter_board.hpp"
#include "actors/base/log.hpp"
#include "actors/base/wall_clock.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <exception>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

namespace clearance::services {

namespace operator_limits = protocol::operator_limits;
using protocol::audit_event;
using protocol::audit_record;
using std::chrono::steady_clock;

namespace {

constexpr auto writer_component = "audit";

std::size_t bytes_of(const audit_record& x) {
  auto result = sizeof(audit_record) + x.container.size() + x.target.size()
                + x.request_id.size() + x.text.size();
  if (x.decision)
    result += x.decision->container.size() + x.decision->target.size()
              + x.decision->reason.size() + x.decision->error.size();
  return result;
}

// What must not be lost: the firewall has changed.
bool is_change(const audit_record& x) {
  return x.event == audit_event::decision_result && x.decision
         && x.decision->result == protocol::decision_result::applied;
}

} // namespace

// All writers of a thread share its mutex.
class audit_thread {
public:
  std::mutex mutex;
  std::condition_variable wake;  // one of the writers has something to do
  std::condition_variable ended; // a writer has ended
  std::vector<std::shared_ptr<audit_writer::state>> writers;
  bool runs = false;

  void run();
};

struct audit_writer::state {
  struct entry {
    audit_record record;
    std::size_t bytes = 0;
    done_function done;
  };
  using lock_type = std::unique_lock<std::mutex>;

  state(std::unique_ptr<audit_store> x, audit_writer_config c,
        std::shared_ptr<audit_thread> t)
      : store(std::move(x)), config(c), thread(std::move(t)) {}

  // These three are called by the thread, with the lock held.
  bool step(lock_type& lock);
  steady_clock::time_point due() const {
    if (!failure.empty())
      return std::min(tend_at, retry_at);
    return queue.empty() ? tend_at : std::min(tend_at, write_at);
  }
  void end() {
    ended = true;
    thread->ended.notify_all();
  }

  void write_some(lock_type& lock);
  void settle(const audit_result& result, std::size_t count,
              std::vector<std::pair<done_function, std::string>>& told);
  void note_loss();
  bool has_room(std::size_t more, std::size_t factor) const;
  bool may_try() const {
    if (queue.empty() || is_urgent || stopping)
      return !queue.empty();
    if (!failure.empty())
      return steady_clock::now() >= retry_at;
    return queue.size() >= operator_limits::audit_write_max_records
           || steady_clock::now() >= write_at;
  }
  std::string text() const;
  void tell();

  const std::unique_ptr<audit_store> store; // used by the thread alone
  const audit_writer_config config;
  const std::shared_ptr<audit_thread> thread;

  // Of all that follows the thread's mutex takes care.
  std::deque<entry> queue;
  std::size_t queue_bytes = 0;
  std::string failure; // of the last write; empty: it did not fail
  steady_clock::time_point retry_at;
  steady_clock::time_point write_at; // if nobody waits for what is queued
  steady_clock::time_point tend_at = steady_clock::now();
  std::uint64_t unsaid = 0; // lost records that no record speaks of
  audit_counts counts;
  bool is_urgent = false; // somebody waits
  past_function past;     // wants the decisions of before; may be empty
  bool reopens = false;
  bool stopping = false;
  bool ended = false;
  std::function<void(const std::string&)> observer;
  std::mutex telling; // held while the observer is called
};

bool audit_writer::state::has_room(std::size_t more, std::size_t factor) const {
  return queue.size() < factor * config.queue_max_records
         && queue_bytes + more <= factor * config.queue_max_bytes;
}

std::string audit_writer::state::text() const {
  auto result = protocol::escaped(store->path());
  if (!failure.empty())
    result += "; cannot be written: " + failure + "; "
              + std::to_string(queue.size()) + " records wait";
  if (counts.lost > 0)
    result += "; " + std::to_string(counts.lost) + " records are lost";
  return result;
}

// Called without the lock.
void audit_writer::state::tell() {
  const std::lock_guard guard{telling};
  std::string words;
  std::function<void(const std::string&)> to;
  {
    const std::lock_guard state_guard{thread->mutex};
    to = observer;
    words = text();
  }
  if (to)
    to(words);
}

// With the lock held. The record stands behind those that had room.
void audit_writer::state::note_loss() {
  if (unsaid == 0 || !has_room(sizeof(audit_record), 1))
    return;
  audit_record x;
  x.event = audit_event::records_lost;
  x.time = actors::wall_clock_now();
  x.count = std::exchange(unsaid, 0);
  queue_bytes += bytes_of(x);
  const auto size = bytes_of(x);
  queue.push_back({std::move(x), size, nullptr});
}

void audit_writer::state::settle(
    const audit_result& result, std::size_t count,
    std::vector<std::pair<done_function, std::string>>& told) {
  if (!result.is_written) {
    ++counts.failures;
    retry_at = steady_clock::now() + operator_limits::audit_retry_interval;
    // All that wait stand behind the one that could not be written.
    for (auto& x : queue)
      if (x.done)
        told.emplace_back(std::exchange(x.done, nullptr), result.why);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      auto& x = queue.front();
      if (x.done)
        told.emplace_back(std::move(x.done), result.why);
      queue_bytes -= x.bytes;
      queue.pop_front();
    }
    counts.written += count;
    write_at = steady_clock::now() + config.gather_time;
    note_loss();
  }
  failure = result.is_written ? std::string{} : result.why;
}

void audit_writer::state::write_some(lock_type& lock) {
  std::vector<audit_record> records;
  std::size_t bytes = 0;
  bool is_awaited = false;
  const auto max =
      failure.empty() ? operator_limits::audit_write_max_records : 1;
  for (const auto& x : queue) {
    if (records.size() == max
        || (!records.empty()
            && bytes + x.bytes > operator_limits::audit_write_max_bytes))
      break;
    records.push_back(x.record);
    bytes += x.bytes;
    is_awaited |= static_cast<bool>(x.done);
  }
  is_urgent = false;
  const bool had_failed = !failure.empty();
  lock.unlock();
  const auto result = store->write(records, is_awaited && config.is_synced);
  std::vector<std::pair<done_function, std::string>> told;
  lock.lock();
  const auto lost_before = unsaid;
  settle(result, records.size(), told);
  const bool fails = !failure.empty();
  const auto waiting = queue.size();
  lock.unlock();
  for (const auto& [done, why] : told)
    done(why);
  if (fails && !had_failed)
    log(actors::severity::error, writer_component,
        "the audit trail cannot be written, its records wait; make room on the "
        "disk",
        {{"file", protocol::escaped(store->path())},
         {"why", result.why},
         {"records", std::to_string(waiting)}});
  if (!fails && had_failed)
    log(actors::severity::notice, writer_component,
        "the audit trail is written again",
        {{"file", protocol::escaped(store->path())}});
  if (fails != had_failed || lost_before > 0)
    tell();
  lock.lock();
}

// False: there is nothing to do until due().
bool audit_writer::state::step(lock_type& lock) try {
  if (ended)
    return false;
  if (past) {
    const auto take = std::exchange(past, nullptr);
    lock.unlock();
    take(store->past());
    lock.lock();
  } else if (std::exchange(reopens, false)) {
    lock.unlock();
    if (auto why = store->reopen(); !why.empty())
      log(actors::severity::error, writer_component,
          "the audit trail's file cannot be opened again",
          {{"file", protocol::escaped(store->path())}, {"why", why}});
    lock.lock();
  } else if (may_try()) {
    write_some(lock);
    if (stopping && !failure.empty())
      end();
  } else if (stopping) {
    end();
  } else if (steady_clock::now() >= tend_at) {
    lock.unlock();
    store->tend();
    lock.lock();
    tend_at = steady_clock::now() + operator_limits::audit_tend_interval;
  } else {
    return false;
  }
  return true;
} catch (const std::exception& x) {
  if (!lock.owns_lock())
    lock.lock();
  end();
  log(actors::severity::error, writer_component,
      "the audit trail is not written any more", {{"why", x.what()}});
  return true;
}

void audit_thread::run() {
  std::unique_lock lock{mutex};
  while (!writers.empty()) {
    bool is_idle = true;
    auto until = steady_clock::time_point::max();
    for (std::size_t i = 0; i < writers.size(); ++i) {
      const auto each = writers[i];
      is_idle &= !each->step(lock);
      until = std::min(until, each->due());
    }
    if (std::erase_if(writers, [](const auto& x) { return x->ended; }) > 0)
      ended.notify_all();
    else if (is_idle)
      wake.wait_until(lock, until);
  }
  runs = false;
  ended.notify_all();
}

std::shared_ptr<audit_thread> make_audit_thread() {
  return std::make_shared<audit_thread>();
}

bool await_end(audit_thread& thread, std::chrono::milliseconds max) {
  std::unique_lock lock{thread.mutex};
  return thread.ended.wait_for(lock, max,
                               [&] { return thread.writers.empty(); });
}

audit_writer::audit_writer(std::unique_ptr<audit_store> store,
                           audit_writer_config config,
                           std::shared_ptr<audit_thread> thread)
    : state_(std::make_shared<state>(std::move(store), config,
                                     thread ? std::move(thread)
                                            : make_audit_thread())) {
  // nop
}

audit_writer::~audit_writer() {
  begin_stop();
}

// The main thread takes all signals, so they are blocked in this thread.
void audit_writer::start() {
  auto& thread = *state_->thread;
  const std::lock_guard guard{thread.mutex};
  thread.writers.push_back(state_);
  thread.wake.notify_one();
  if (thread.runs)
    return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread{[shared = state_->thread] {
      pthread_setname_np(pthread_self(), "audit");
      shared->run();
    }}.detach();
    thread.runs = true;
  } catch (...) {
    std::erase(thread.writers, state_);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void audit_writer::add(audit_record x, done_function done) noexcept {
  std::string why;
  bool is_told = false;
  try {
    x.time = actors::wall_clock_now();
    const auto bytes = bytes_of(x);
    const std::lock_guard guard{state_->thread->mutex};
    auto& to = *state_;
    if (to.has_room(bytes, is_change(x) ? 2 : 1) && !to.stopping && !to.ended) {
      const bool is_awaited = static_cast<bool>(done);
      if (to.queue.empty())
        to.write_at = steady_clock::now() + to.config.gather_time;
      to.queue.push_back({std::move(x), bytes, std::move(done)});
      to.queue_bytes += bytes;
      to.is_urgent |= is_awaited;
      // Else the thread looks at write_at by itself.
      if (is_awaited || to.queue.size() == 1
          || to.queue.size() == operator_limits::audit_write_max_records)
        to.thread->wake.notify_one();
      return;
    }
    why =
        to.failure.empty() ? "too many records wait for the disk" : to.failure;
    ++to.counts.lost;
    ++to.unsaid;
    is_told = to.unsaid == 1;
  } catch (const std::exception&) {
    const std::lock_guard guard{state_->thread->mutex};
    ++state_->counts.lost;
    ++state_->unsaid;
  }
  try {
    if (done)
      done(why.empty() ? "out of memory" : why);
    if (is_told) {
      log(actors::severity::error, writer_component,
          "records of the audit trail are lost", {{"why", why}});
      state_->tell();
    }
  } catch (const std::exception&) {
    // nop: the record is counted
  }
}

void audit_writer::follow(std::function<void(const std::string&)> changed) {
  {
    const std::lock_guard telling{state_->telling};
    const std::lock_guard guard{state_->thread->mutex};
    state_->observer = std::move(changed);
  }
  state_->tell();
}

void audit_writer::read_past(past_function take) {
  const std::lock_guard guard{state_->thread->mutex};
  state_->past = std::move(take);
  state_->thread->wake.notify_one();
}

void audit_writer::report() const {
  protocol::counter_list all;
  add_counters(all);
  actors::log_counters(writer_component, all);
}

void audit_writer::add_counters(protocol::counter_list& to) const {
  const auto x = counts();
  to.push_back({writer_component, "records_written", x.written});
  to.push_back({writer_component, "records_waiting", x.waiting});
  to.push_back({writer_component, "records_lost", x.lost});
  to.push_back({writer_component, "failed_writes", x.failures});
}

void audit_writer::reopen() {
  const std::lock_guard guard{state_->thread->mutex};
  state_->reopens = true;
  state_->thread->wake.notify_one();
}

void audit_writer::begin_stop() noexcept {
  {
    const std::lock_guard guard{state_->thread->mutex};
    if (state_->stopping)
      return;
  }
  audit_record last;
  last.event = audit_event::stop;
  add(std::move(last), nullptr);
  const std::lock_guard guard{state_->thread->mutex};
  state_->stopping = true;
  state_->thread->wake.notify_one();
}

bool audit_writer::stop(std::chrono::milliseconds max) {
  begin_stop();
  std::unique_lock lock{state_->thread->mutex};
  state_->thread->ended.wait_for(lock, max, [this] { return state_->ended; });
  return state_->ended && state_->queue.empty() && state_->unsaid == 0;
}

audit_counts audit_writer::counts() const {
  const std::lock_guard guard{state_->thread->mutex};
  auto result = state_->counts;
  result.waiting = state_->queue.size();
  return result;
}

} // namespace clearance::services
