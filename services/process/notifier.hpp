/// Tells systemd the state of the process, by the protocol of sd_notify(3).
#pragma once

#include "actors/base/service_manager.hpp"
#include "actors/io/base/unique_fd.hpp"

#include <atomic>
#include <string>
#include <string_view>

namespace clearance::services {

/// Without an address it sends nothing. Its methods never wait, and may be
/// called on any thread.
class notifier final : public actors::service_manager {
public:
  notifier() = default;

  /// `address` is a path, or `@` and an abstract name; another one is ignored.
  explicit notifier(const std::string& address);

  /// Sends to NOTIFY_SOCKET, and removes this variable: a program that we start
  /// must not report our state. Call it before any thread is started.
  static notifier from_environment();

  notifier(notifier&& other) noexcept;
  notifier& operator=(notifier&&) = delete;

  /// Whether there is an address to send to.
  explicit operator bool() const noexcept { return static_cast<bool>(socket_); }

  bool ready(const std::string& status) override;
  bool status(const std::string& status) override;
  bool alive() override;

  /// The service reads new settings; ready() or reloaded() ends this state.
  void reloading();

  /// The old settings stay in use.
  void reloaded();

  /// The process ends. No status is sent any more, except by failed().
  void stopping();

  /// Sends, as the last status, why the process ends.
  void failed(const std::string& why);

private:
  bool send(std::string_view assignments) const;

  io::unique_fd socket_;
  std::atomic<bool> stopping_ = false;
};

} // namespace clearance::services
