/// The other machines whose hubs `watch` follows.
#pragma once

#include "services/client/host_link.hpp"
#include "services/client/hub_route.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// Says once each time that a machine is being connected to, that it has no
/// hub, and that it is away and why.
class watched_hosts {
public:
  using sayer = void (*)(std::string_view what);

  watched_hosts(const std::vector<std::string>& hosts, sayer say);
  watched_hosts(const watched_hosts&) = delete;
  watched_hosts& operator=(const watched_hosts&) = delete;

  /// One hub that its machine has announced.
  struct sighting {
    hub_route route;         ///< must not outlive this object
    std::uint64_t epoch = 0; ///< see host_link
  };

  /// The hubs of all machines that are connected, by their name.
  std::map<std::string, sighting> hubs();

  /// Appends what to poll.
  void append(std::vector<pollfd>& to) const;
  /// Takes what append() appended and poll() filled, and does what is due.
  /// Returns whether hubs() may have changed.
  bool handle(std::span<const pollfd> entries, time_point now);
  std::optional<time_point> due() const;

private:
  void take(const std::string& host, protocol::link_status status,
            const std::string& why);

  sayer say_;
  std::map<std::string, std::string> said_; // the last text about each
  std::map<std::string, host_link> links_;
};

} // namespace clearance::services
