// What the thread of the audit trail does with files.

#include "actors/base/log.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "protocol/text/text.hpp"
#include "services/operator/audit_writer.hpp"
#include "services/operator/past_decisions.hpp"

#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace clearance::services {

namespace {

using protocol::audit_record;

// What is wrong is said once: it does not keep the hub from anything.
std::vector<protocol::decision> past_of(const audit_file_config& config) try {
  auto past = read_trail_past(config.path, config.boot);
  if (!past.fault.empty() || !past.cut_by.empty())
    log(actors::severity::warning, "audit",
        "History does not know all decisions of before the start; look at the "
        "trail with terok-clearance audit verify",
        {{"file", protocol::escaped(config.path)},
         {"why", past.fault.empty() ? past.cut_by : past.fault},
         {"decisions", std::to_string(past.decisions.size())}});
  return std::move(past.decisions);
} catch (const std::exception& fault) {
  log(actors::severity::warning, "audit",
      "History does not know the decisions of before the start",
      {{"file", protocol::escaped(config.path)}, {"why", fault.what()}});
  return {};
}

class file_store : public audit_store {
public:
  explicit file_store(audit_file_config config)
      : config_(config), file_(std::move(config)) {}

  audit_result write(std::span<const audit_record> records,
                     bool is_synced) override {
    return file_.write(records, is_synced);
  }
  std::vector<protocol::decision> past() override { return past_of(config_); }
  std::string reopen() override { return file_.reopen(); }
  void tend() override { file_.tend(); }
  const std::string& path() const override { return file_.path(); }

private:
  audit_file_config config_;
  audit_file file_;
};

class late_store : public audit_store {
public:
  explicit late_store(audit_file_config config) : config_(std::move(config)) {}

  audit_result write(std::span<const audit_record> records,
                     bool is_synced) override try {
    if (!file_) {
      const auto directory =
          std::filesystem::path{config_.path}.parent_path().string();
      if (auto why = io::make_private_directory(directory); !why.empty())
        return {false, std::move(why)};
      file_.emplace(config_);
    }
    return file_->write(records, is_synced);
  } catch (const audit_fault& x) {
    return {false, x.what()};
  }
  std::vector<protocol::decision> past() override { return past_of(config_); }
  std::string reopen() override {
    return file_ ? file_->reopen() : std::string{};
  }
  void tend() override {
    if (file_)
      file_->tend();
  }
  const std::string& path() const override { return config_.path; }

private:
  audit_file_config config_;
  std::optional<audit_file> file_;
};

} // namespace

std::unique_ptr<audit_store> make_audit_store(audit_file_config config) {
  return std::make_unique<file_store>(std::move(config));
}

std::unique_ptr<audit_store> make_late_audit_store(audit_file_config config) {
  return std::make_unique<late_store>(std::move(config));
}

} // namespace clearance::services
