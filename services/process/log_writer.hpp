/// Writes log lines on a thread of its own, so that no other thread waits for
/// the reader of the log: a full pipe, a stopped terminal, a journal that
/// hangs.
#pragma once

#include "services/process/log_queue.hpp"

#include <chrono>
#include <memory>

namespace clearance::services {

/// The place to which lines are written.
class log_output {
public:
  virtual ~log_output() = default;

  /// Writes one line; waits as long as it takes. False: the line is lost.
  /// Called on the writer's thread, or in flush() if there is no thread.
  virtual bool write(const queued_line& x) = 0;

  /// Waits, at most `max`, until a line can be written without waiting. Called
  /// if there is no thread: there write() would keep the process from ending.
  virtual bool await_room(std::chrono::milliseconds max) = 0;
};

/// Queues lines for its thread. When lines were lost and the log is read again,
/// a warning says how many were lost: at most once in each
/// log_limits::lost_interval, and whenever the queue is empty. All functions
/// but start() may be called on any thread.
class log_writer {
public:
  explicit log_writer(std::unique_ptr<log_output> output);

  /// The thread ends after the line that it writes at this moment. Lines that
  /// wait are not written any more.
  ~log_writer();
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;

  /// Starts the thread; until then lines wait in the queue. The thread has the
  /// sandbox of the caller. False: there is no thread, and errno says why. A
  /// second call does nothing.
  bool start();

  /// Queues a line. Never waits for the output and never throws.
  void push(queued_line x) noexcept;

  /// Counts a line that could not be made.
  void count_lost(actors::severity level) noexcept;

  /// Waits until everything is written or `max` is over. Starts the thread if
  /// there is none; if that fails, the calling thread writes. False: not all is
  /// written. Then later calls do not wait again.
  bool flush(std::chrono::milliseconds max);

  /// The same for a process that is about to abort, with a last line. Does not
  /// wait for a lock that the calling thread may hold.
  void flush_crashing(queued_line last, std::chrono::milliseconds max) noexcept;

private:
  struct state;

  std::shared_ptr<state> state_; // shared with the thread
};

} // namespace clearance::services
