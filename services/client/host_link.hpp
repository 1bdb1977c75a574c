/// Another machine whose hubs an operator's client follows, also when the
/// connection to it breaks.
#pragma once

#include "protocol/base/backoff.hpp"
#include "protocol/operator/prompt_list.hpp"
#include "services/client/host_process.hpp"
#include "services/client/relay_mux.hpp"
#include "services/client/unix_socket.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

/// When the connection ends, all connections to hubs of the host end with it,
/// and ssh is started again after 1 s, and each further time after twice as
/// long, up to 60 s.
class host_link {
public:
  /// Gets how the host is, at the start and after each change, and why it is
  /// away, printable. `current` comes again each time when the host tells its
  /// hubs.
  using sayer =
      std::function<void(protocol::link_status status, const std::string& why)>;

  host_link(std::string host, sayer say);

  const std::string& host() const noexcept { return host_; }

  /// Whether the host has told its hubs, and the connection stands.
  bool connected() const noexcept { return mux_ && epoch_ != 0; }

  /// The sockets of its hubs; none while it is away.
  const std::vector<std::string>& hubs() const noexcept { return hubs_; }
  /// Changes each time when the host tells its hubs, as it also does when a hub
  /// was started again.
  std::uint64_t epoch() const noexcept { return epoch_; }

  /// Why the host is away, printable.
  const std::string& why() const noexcept { return why_; }

  /// A connection to the hub at `path` there, or why there is none.
  std::variant<descriptor, std::string> connect(const std::string& path);

  void append(std::vector<pollfd>& to) const;
  /// Does what is due. Returns whether its hubs, or whether it is there, may
  /// have changed.
  bool handle(std::span<const pollfd> entries, time_point now);
  std::optional<time_point> due() const noexcept { return start_at_; }

private:
  void start(time_point now);
  void lost(std::string why, time_point now);

  std::string host_;
  sayer say_;
  protocol::backoff backoff_;
  std::optional<time_point> start_at_ = time_point{};
  std::optional<host_process> process_;
  bool reads_errors_ = false;
  std::optional<relay_mux> mux_; // ends before process_
  std::vector<std::string> hubs_;
  std::uint64_t epoch_ = 0; // 0: it has told nothing
  std::uint64_t last_epoch_ = 0;
  std::string why_;
};

} // namespace clearance::services
