// Each file has a thread of its own, which the next hub that writes the same
// file uses again: so a hub that is started again waits for the last records of
// the one before, which has the file locked.

#include "services/embedding/embedded_audit.hpp"

#include "actors/base/log.hpp"
#include "services/operator/audit_writer.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace clearance::actors::embedding {

namespace operator_limits = protocol::operator_limits;
using services::audit_fault;
using services::audit_thread;
using services::audit_writer;
using std::chrono::steady_clock;

namespace {

struct trail_threads {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<audit_thread>> by_file;
};

// Never destroyed: a hub may end later than everything static.
trail_threads& all_threads() {
  static auto* const result = new trail_threads;
  return *result;
}

std::shared_ptr<audit_thread> thread_of(const std::string& file) {
  const std::lock_guard guard{all_threads().mutex};
  auto& all = all_threads().by_file;
  std::erase_if(all, [](const auto& x) { return x.second.use_count() == 1; });
  auto& result = all[file];
  if (!result)
    result = services::make_audit_thread();
  return result;
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
  auto thread = thread_of(config.file);
  await_end(*thread, operator_limits::audit_flush_deadline);
  services::audit_file_config file;
  file.path = config.file;
  file.hub = hub;
  file.boot = boot;
  auto writer = std::make_shared<audit_writer>(
      services::make_audit_store(std::move(file)),
      services::audit_writer_config{config.sync}, std::move(thread));
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
  std::vector<std::shared_ptr<audit_thread>> threads;
  {
    const std::lock_guard guard{all_threads().mutex};
    for (const auto& each : all_threads().by_file)
      threads.push_back(each.second);
  }
  const auto until = steady_clock::now() + max;
  return std::all_of(threads.begin(), threads.end(), [&](const auto& x) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        until - steady_clock::now());
    return await_end(*x, std::max(left, std::chrono::milliseconds{0}));
  });
}

} // namespace clearance::actors::embedding
