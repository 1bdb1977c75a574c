// Other programs share stderr (a shell's terminal, a pipe that several programs
// write to). O_NONBLOCK would hold for all of them, so the descriptor stays
// blocking. Instead the thread blocks in its write, and nothing waits for the
// thread: it is detached and ends with the process.
//
// The thread starts late. Landlock and seccomp hold for the thread that calls
// them and for those that it starts later, so the sandbox comes first; lines of
// the time before wait in the queue.

#include "services/process/log_writer.hpp"

#include "protocol/base/log_limits.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace clearance::services {

namespace log_limits = protocol::log_limits;
using actors::severity;
using std::chrono::steady_clock;

namespace {

queued_line told(const lost_lines& x) {
  return {severity::warning, std::chrono::system_clock::now(),
          "log: nobody read the log for a while, lines were lost lines="
              + std::to_string(x.all)
              + " notices=" + std::to_string(x.notices)};
}

} // namespace

struct log_writer::state {
  explicit state(std::unique_ptr<log_output> x) : output(std::move(x)) {}

  // Call both with the lock held.
  bool idle() const { return queue.empty() && !writing && !has_to_tell(); }
  bool has_to_tell() const { return queue.lost().all > 0 && !failing; }
  std::optional<queued_line> next();

  void write_one(std::unique_lock<std::mutex>& lock, const queued_line& x);
  void run();
  bool drain(std::chrono::milliseconds max);

  const std::unique_ptr<log_output> output; // used by one thread at a time

  std::mutex mutex;
  std::condition_variable wake; // there is something to write, or to stop
  std::condition_variable became_idle;
  log_queue queue;
  std::optional<steady_clock::time_point> last_told;
  lost_lines telling; // what the line says that is being written
  bool started = false;
  bool stopping = false;
  bool writing = false;
  bool failing = false; // the last write did not succeed
  bool gave_up = false; // a flush() waited in vain
};

// The count comes before the lines that follow the loss. Where there is no
// memory for its text, it is said later.
std::optional<queued_line> log_writer::state::next() {
  const auto now = steady_clock::now();
  const bool soon = last_told && now - *last_told < log_limits::lost_interval;
  if (has_to_tell() && (!soon || queue.empty())) {
    last_told = now;
    try {
      auto line = told(queue.lost());
      telling = queue.take_lost();
      return line;
    } catch (const std::bad_alloc&) {
      // nop
    }
  }
  return queue.pop();
}

void log_writer::state::write_one(std::unique_lock<std::mutex>& lock,
                                  const queued_line& x) {
  writing = true;
  lock.unlock();
  bool is_written = false;
  try {
    is_written = output->write(x);
  } catch (const std::exception&) {
    // Out of memory: the line is lost.
  }
  lock.lock();
  writing = false;
  failing = !is_written;
  const auto sum = std::exchange(telling, {});
  if (!failing)
    return;
  if (sum.all > 0)
    queue.add_lost(sum);
  else
    queue.count_lost(x.level);
}

void log_writer::state::run() {
  std::unique_lock lock{mutex};
  while (!stopping) {
    if (auto x = next()) {
      write_one(lock, *x);
      continue;
    }
    became_idle.notify_all();
    wake.wait(lock, [this] { return stopping || !queue.empty(); });
  }
}

// Of a process that has no thread for it. False: something is not written.
bool log_writer::state::drain(std::chrono::milliseconds max) {
  const auto end = steady_clock::now() + max;
  std::unique_lock lock{mutex};
  while (!idle() && !gave_up) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
    lock.unlock();
    const bool has_room =
        output->await_room(std::max(left, std::chrono::milliseconds{0}));
    lock.lock();
    gave_up = !has_room;
    if (has_room)
      if (auto x = next())
        write_one(lock, *x);
  }
  return idle();
}

log_writer::log_writer(std::unique_ptr<log_output> output)
    : state_(std::make_shared<state>(std::move(output))) {
  // nop
}

log_writer::~log_writer() {
  const std::lock_guard guard{state_->mutex};
  state_->stopping = true;
  state_->wake.notify_all();
}

// The main thread takes all signals, so they are blocked in this thread.
bool log_writer::start() {
  {
    const std::lock_guard guard{state_->mutex};
    if (std::exchange(state_->started, true))
      return true;
  }
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int why = 0;
  try {
    std::thread{[state = state_] {
      pthread_setname_np(pthread_self(), "log");
      state->run();
    }}.detach();
  } catch (const std::system_error& e) {
    why = e.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (why == 0)
    return true;
  const std::lock_guard guard{state_->mutex};
  state_->started = false;
  errno = why;
  return false;
}

void log_writer::push(queued_line x) noexcept {
  const auto level = x.level;
  const std::lock_guard guard{state_->mutex};
  try {
    state_->queue.push(std::move(x));
  } catch (const std::bad_alloc&) {
    state_->queue.count_lost(level);
  }
  state_->wake.notify_one();
}

void log_writer::count_lost(severity level) noexcept {
  const std::lock_guard guard{state_->mutex};
  state_->queue.count_lost(level);
}

bool log_writer::flush(std::chrono::milliseconds max) {
  if (!start())
    return state_->drain(max);
  std::unique_lock lock{state_->mutex};
  if (state_->gave_up)
    return state_->idle();
  state_->wake.notify_one();
  const bool result = state_->became_idle.wait_for(
      lock, max, [this] { return state_->idle(); });
  state_->gave_up = !result;
  return result;
}

// The calling thread may be the writer, or hold the lock: then there is no
// waiting for either.
void log_writer::flush_crashing(queued_line last,
                                std::chrono::milliseconds max) noexcept try {
  const auto end = steady_clock::now() + max;
  auto pause = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  };
  std::unique_lock lock{state_->mutex, std::defer_lock};
  while (!lock.try_lock()) {
    if (steady_clock::now() >= end)
      return;
    pause();
  }
  state_->queue.push(std::move(last));
  if (!state_->started) {
    lock.unlock();
    state_->drain(max);
    return;
  }
  state_->wake.notify_one();
  while (!state_->idle() && steady_clock::now() < end) {
    lock.unlock();
    pause();
    lock.lock();
  }
} catch (...) {
  // Nothing can be said any more.
}

} // namespace clearance::services
