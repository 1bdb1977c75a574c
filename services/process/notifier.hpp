/// Tells systemd how the process is: sd_notify(3)'s protocol.
#pragma once

#include "actors/base/service_manager.hpp"
#include "actors/io/base/unique_fd.hpp"

#include <atomic>
#include <string>
#include <string_view>

namespace clearance::services {

/// Speaks to nobody unless it was told whom. Its methods never wait, and may be
/// called on any thread.
class notifier final : public actors::service_manager {
public:
  notifier() = default;

  /// `address` is a path, or `@` and an abstract name; another one is ignored.
  explicit notifier(const std::string& address);

  /// To where NOTIFY_SOCKET says, which is removed: what we start must not
  /// speak for us. Before any thread is started.
  static notifier from_environment();

  notifier(notifier&& other) noexcept;
  notifier& operator=(notifier&&) = delete;

  /// Whether anybody listens.
  explicit operator bool() const noexcept { return static_cast<bool>(socket_); }

  bool ready(const std::string& status) override;
  bool status(const std::string& status) override;
  bool alive() override;

  /// New settings are being read; ready() or reloaded() ends it.
  void reloading();

  /// The old settings hold.
  void reloaded();

  /// We end. Whatever was going to be said of our status is not any more.
  void stopping();

  /// Why we end, as the last status.
  void failed(const std::string& why);

private:
  bool send(std::string_view assignments) const;

  io::unique_fd socket_;
  std::atomic<bool> stopping_ = false;
};

} // namespace clearance::services
