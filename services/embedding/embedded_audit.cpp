// A file is locked until the last record of its hub is written and the writer
// is destroyed, which is on the I/O thread or on the writer's. A hub that is
// started again waits for that.

#include "services/embedding/embedded_audit.hpp"

#include "actors/base/log.hpp"
#include "services/operator/audit_writer.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace clearance::actors::embedding {

namespace operator_limits = protocol::operator_limits;
using services::audit_fault;
using services::audit_writer;

namespace {

/// The files that are open.
struct open_trails {
  std::mutex mutex;
  std::condition_variable closed;
  std::set<std::string> files;
};

// Never destroyed: a hub may end later than everything static.
open_trails& all_trails() {
  static auto* const result = new open_trails;
  return *result;
}

// Whether the file is ours now. False: another hub still has it.
bool claim(const std::string& file) {
  auto& all = all_trails();
  std::unique_lock lock{all.mutex};
  return all.closed.wait_for(lock, operator_limits::audit_flush_deadline, [&] {
    return !all.files.contains(file);
  }) && all.files.insert(file).second;
}

void release(const std::string& file) {
  auto& all = all_trails();
  const std::lock_guard guard{all.mutex};
  all.files.erase(file);
  all.closed.notify_all();
}

/// A store that releases its file when it has closed it.
class claimed_store : public services::audit_store {
public:
  explicit claimed_store(std::unique_ptr<audit_store> inner)
      : inner_(std::move(inner)), path_(inner_->path()) {
    // nop
  }
  claimed_store(const claimed_store&) = delete;
  claimed_store& operator=(const claimed_store&) = delete;
  ~claimed_store() override {
    inner_.reset();
    release(path_);
  }

  services::audit_result write(std::span<const protocol::audit_record> records,
                               bool is_synced) override {
    return inner_->write(records, is_synced);
  }
  std::vector<protocol::decision> past() override { return inner_->past(); }
  std::string reopen() override { return inner_->reopen(); }
  void tend() override { inner_->tend(); }
  const std::string& path() const override { return path_; }

private:
  std::unique_ptr<audit_store> inner_;
  std::string path_;
};

std::unique_ptr<services::audit_store>
open_store(services::audit_file_config config) {
  const auto path = config.path;
  if (!claim(path))
    throw audit_fault("the audit trail " + path
                      + " is written by another hub of this process");
  try {
    return std::make_unique<claimed_store>(
        services::make_audit_store(std::move(config)));
  } catch (...) {
    release(path);
    throw;
  }
}

audit_mode mode_of(const face::audit_config& x) {
  if (x.required)
    return audit_mode::required;
  return x.sync ? audit_mode::first : audit_mode::behind;
}

} // namespace

opened_audit open_audit(const face::audit_config& config,
                        const std::string& hub, const std::string& boot) {
  if (!config.file.starts_with('/'))
    throw audit_fault("the audit trail " + config.file
                      + " is no absolute path of a file");
  services::audit_file_config file;
  file.path = config.file;
  file.hub = hub;
  file.boot = boot;
  auto writer = std::make_shared<audit_writer>(
      open_store(std::move(file)), services::audit_writer_config{config.sync});
  opened_audit result;
  result.reopen = [writer] { writer->reopen(); };
  result.give_to = [writer, mode = mode_of(config)](hub_config& to) {
    to.spawn_audit = [writer, mode, board = to.board](
                         io_host& io, const caf::actor_addr& owner) {
      try {
        writer->start();
      } catch (const std::system_error& fault) {
        // Its records are counted as lost when the queue is full, and if they
        // are required nothing is executed.
        log(severity::error, "audit",
            "the thread that writes the audit trail cannot be started",
            {{"why", fault.what()}});
      }
      audit_place place;
      place.trail = spawn_audit_trail(io, {writer, owner, board});
      place.mode = mode;
      return place;
    };
  };
  return result;
}

bool await_audits(std::chrono::milliseconds max) {
  auto& all = all_trails();
  std::unique_lock lock{all.mutex};
  return all.closed.wait_for(lock, max, [&] { return all.files.empty(); });
}

} // namespace clearance::actors::embedding
