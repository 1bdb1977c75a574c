/// Writes the audit trail on a thread of its own, so that nobody waits for the
/// disk who does not want to.
#pragma once

#include "actors/operator/audit_trail.hpp"
#include "services/operator/audit_file.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace clearance::services {

/// What the thread does with files. A test can take the place of audit_file.
class audit_store {
public:
  virtual ~audit_store() = default;
  virtual audit_result write(std::span<const protocol::audit_record> records,
                             bool is_synced) = 0;
  /// The decisions that the files have of before; see read_trail_past(). Throws
  /// nothing.
  virtual std::vector<protocol::decision> past() { return {}; }
  virtual std::string reopen() = 0;
  virtual void tend() = 0;
  virtual const std::string& path() const = 0;
};

/// Throws audit_fault if the file cannot be opened.
std::unique_ptr<audit_store> make_audit_store(audit_file_config config);

/// Opens the file at the first write, and makes its directory before. If that
/// fails the write fails.
std::unique_ptr<audit_store> make_late_audit_store(audit_file_config config);

/// One thread, which several writers may share. It runs while one of them is
/// started and has not ended.
class audit_thread;

std::shared_ptr<audit_thread> make_audit_thread();

/// Waits at most `max` until all its writers, which are stopped or destroyed,
/// have ended. False: one has not.
bool await_end(audit_thread& thread, std::chrono::milliseconds max);

struct audit_writer_config {
  bool is_synced = false; ///< a record that somebody waits for reaches the disk
  /// How long a record that nobody waits for waits for more.
  std::chrono::milliseconds gather_time =
      protocol::operator_limits::audit_gather_time;
  std::size_t queue_max_records =
      protocol::operator_limits::audit_queue_max_records;
  std::size_t queue_max_bytes =
      protocol::operator_limits::audit_queue_max_bytes;
};

/// What was written and what was not, since the start.
struct audit_counts {
  std::uint64_t written = 0;
  std::uint64_t lost = 0;
  std::uint64_t failures = 0; ///< of writes
  std::size_t waiting = 0;

  friend bool operator==(const audit_counts&, const audit_counts&) = default;
};

/// Queues records for its thread; in the order in which they came. After a
/// failed write the records stay in the queue and are tried again: after
/// audit_retry_interval, or with the next record that somebody waits for. Who
/// waits is told after the first try. When the queue is full a new record is
/// lost, unless it is the result of a verdict that was applied; a record that
/// says how many were lost follows when there is room.
class audit_writer : public actors::audit_sink {
public:
  /// Without `thread` it gets one of its own.
  explicit audit_writer(std::unique_ptr<audit_store> store,
                        audit_writer_config config = {},
                        std::shared_ptr<audit_thread> thread = nullptr);
  /// As stop(), but does not wait: the thread goes on until everything is
  /// written, or until a write fails.
  ~audit_writer() override;
  audit_writer(const audit_writer&) = delete;
  audit_writer& operator=(const audit_writer&) = delete;

  /// Starts the thread if it does not run. It has the sandbox of the caller.
  /// Throws std::system_error.
  void start();

  void add(protocol::audit_record x, done_function done) noexcept override;
  void follow(std::function<void(const std::string&)> changed) override;
  void read_past(past_function take) override;
  void report() const override;
  void add_counters(protocol::counter_list& to) const override;

  /// The thread looks whether the file was renamed, as logrotate does.
  void reopen();

  /// Records that the hub stops, and waits at most `max` until everything is
  /// written. Later records are lost. False: not all is written.
  bool stop(std::chrono::milliseconds max =
                protocol::operator_limits::audit_flush_deadline);

  audit_counts counts() const;

private:
  friend class audit_thread;
  struct state;

  void begin_stop() noexcept;

  std::shared_ptr<state> state_; // shared with the thread
};

} // namespace clearance::services
