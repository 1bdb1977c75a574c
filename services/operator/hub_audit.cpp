#include "services/operator/hub_audit.hpp"

#include "actors/base/log.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/base/container_id.hpp"
#include "protocol/text/sha256.hpp"
#include "protocol/text/text.hpp"
#include "services/operator/audit_writer.hpp"
#include "services/process/log.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

constexpr const char* audit_subdirectory = "/terok-clearance/audit";

// The name of the file of a hub that serves all containers.
constexpr std::string_view all_containers = "hub";

// A file's name has at most 255 bytes, and endings such as
// `.jsonl.000000000001` follow.
constexpr std::size_t audit_name_max_bytes = 128;
constexpr std::size_t cut_name_bytes = 32;

// No dot: the names of ended files begin with the name and a dot.
bool is_plain_in_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string hex_of(std::uint8_t x) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {digits[x / 16], digits[x % 16]};
}

bool is_rooted(const char* path) noexcept {
  return path != nullptr && *path == '/';
}

std::string absolute_file(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::absolute(path, error).lexically_normal();
  return error ? path : result.string();
}

actors::audit_mode mode_of_setting(const audit_setting& x) {
  if (x.is_required)
    return actors::audit_mode::required;
  return x.is_synced ? actors::audit_mode::first : actors::audit_mode::behind;
}

actors::audit_place start_trail(actors::io_host& io,
                                const caf::actor_addr& owner,
                                const std::shared_ptr<audit_writer>& writer,
                                actors::audit_mode mode,
                                const actors::counter_board_ptr& board) {
  try {
    writer->start();
  } catch (const std::system_error& fault) {
    // Its records are counted as lost when the queue is full, and with
    // --audit-required nothing is executed.
    log(actors::severity::error, "audit",
        "the thread that writes the audit trail cannot be started",
        {{"why", fault.what()}});
  }
  actors::audit_place result;
  result.trail = actors::spawn_audit_trail(io, {writer, owner, board});
  result.mode = mode;
  return result;
}

void say_unwritten() {
  log(actors::severity::error, "audit",
      "the last records of the audit trail could not be written", {});
  flush_log();
}

} // namespace

std::string audit_directory(const char* xdg, const char* home) {
  if (is_rooted(xdg))
    return std::string{xdg} + audit_subdirectory;
  if (is_rooted(home))
    return std::string{home} + "/.local/state" + audit_subdirectory;
  return {};
}

std::string audit_directory() {
  // Read once, before any thread is started.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  return audit_directory(std::getenv("XDG_STATE_HOME"),
                         // NOLINTNEXTLINE(concurrency-mt-unsafe)
                         std::getenv("HOME"));
}

std::string audit_name(const std::string& container) {
  if (container.empty())
    return std::string{all_containers};
  if (protocol::is_container_id(container))
    return container.substr(0, protocol::short_container_id_digits);
  std::string result;
  for (const char c : container)
    if (is_plain_in_name(c) && (container != all_containers || !result.empty()))
      result += c;
    else
      result += '%' + hex_of(static_cast<std::uint8_t>(c));
  if (result.size() <= audit_name_max_bytes)
    return result;
  result.resize(cut_name_bytes);
  result += '=';
  for (const auto byte : protocol::sha256(container))
    result += hex_of(byte);
  return result;
}

struct hub_audit::state {
  std::shared_ptr<audit_writer> writer; // null: there is no trail
  std::string directory;
  actors::audit_mode mode = actors::audit_mode::behind;
  std::string without = "none"; // why there is none
};

hub_audit::hub_audit() : state_(std::make_shared<state>()) {
  // nop
}

hub_audit::hub_audit(const audit_setting& setting, const std::string& name,
                     const std::string& boot, int code)
    : hub_audit() {
  if (setting.is_off())
    return;
  auto& to = *state_;
  to.mode = mode_of_setting(setting);
  try {
    audit_file_config config;
    config.hub = name;
    config.boot = boot;
    if (!setting.file.empty()) {
      config.path = absolute_file(setting.file);
    } else {
      const auto directory = audit_directory();
      if (directory.empty())
        throw audit_fault("neither XDG_STATE_HOME nor HOME says where the "
                          "audit trail is");
      if (auto why = io::make_private_directory(directory); !why.empty())
        throw audit_fault(why);
      config.path = directory + "/" + name + ".jsonl";
    }
    to.directory = std::filesystem::path{config.path}.parent_path().string();
    to.writer =
        std::make_shared<audit_writer>(make_audit_store(std::move(config)),
                                       audit_writer_config{setting.is_synced});
  } catch (const audit_fault& fault) {
    if (setting.is_required || !setting.file.empty())
      throw setup_fault(code, fault.what());
    log(actors::severity::warning, "audit",
        "there is no audit trail: verdicts are in the log alone",
        {{"why", fault.what()},
         {"to_change", "name a file with --audit FILE, or say --audit none"}});
    to.directory.clear();
    to.without += std::string{": "} + fault.what();
  }
}

void hub_audit::give_to(actors::hub_config& hub) const {
  hub.spawn_audit = [shared = state_, board = hub.board](
                        actors::io_host& io, const caf::actor_addr& owner) {
    if (shared->writer)
      return start_trail(io, owner, shared->writer, shared->mode, board);
    actors::audit_place result;
    result.state = shared->without;
    return result;
  };
}

const std::string& hub_audit::directory() const noexcept {
  return state_->directory;
}

bool hub_audit::reopen() const {
  if (state_->writer)
    state_->writer->reopen();
  return state_->writer != nullptr;
}

void hub_audit::stop() const {
  if (!state_->writer || state_->writer->stop())
    return;
  say_unwritten();
}

struct container_audits::state {
  std::string directory; // empty: there are no trails
  audit_writer_config writers;
  actors::audit_mode mode = actors::audit_mode::behind;
  std::string without = "none";
  std::shared_ptr<audit_thread> thread = make_audit_thread(); // of all
  std::mutex mutex;
  std::vector<std::weak_ptr<audit_writer>> started;
};

container_audits::container_audits(const audit_setting& setting)
    : state_(std::make_shared<state>()) {
  if (setting.is_off())
    return;
  state_->directory =
      setting.file.empty() ? audit_directory() : absolute_file(setting.file);
  state_->writers.is_synced = setting.is_synced;
  state_->mode = mode_of_setting(setting);
  if (state_->directory.empty()) {
    state_->without += ": neither XDG_STATE_HOME nor HOME says where";
    log(actors::severity::warning, "audit",
        "there are no audit trails: verdicts are in the log alone",
        {{"why", "neither XDG_STATE_HOME nor HOME says where they are"},
         {"to_change", "name a directory with --audit DIR"}});
  }
}

void container_audits::give_to(actors::hub_config& hub,
                               const std::string& container) const {
  hub.spawn_audit = [shared = state_, name = audit_name(container),
                     board = hub.board](actors::io_host& io,
                                        const caf::actor_addr& owner) {
    if (shared->directory.empty()) {
      actors::audit_place result;
      result.state = shared->without;
      return result;
    }
    audit_file_config config;
    config.path = shared->directory + "/" + name + ".jsonl";
    config.hub = name;
    config.boot = actors::new_boot_id();
    auto writer =
        std::make_shared<audit_writer>(make_late_audit_store(std::move(config)),
                                       shared->writers, shared->thread);
    {
      const std::lock_guard guard{shared->mutex};
      std::erase_if(shared->started, [](const auto& x) { return x.expired(); });
      shared->started.push_back(writer);
    }
    return start_trail(io, owner, writer, shared->mode, board);
  };
}

bool container_audits::reopen() const {
  const std::lock_guard guard{state_->mutex};
  for (const auto& each : state_->started)
    if (const auto writer = each.lock())
      writer->reopen();
  return !state_->directory.empty();
}

void container_audits::stop() const {
  if (!await_end(*state_->thread,
                 protocol::operator_limits::audit_flush_deadline))
    say_unwritten();
}

} // namespace clearance::services
