/// All hubs that an operator's client follows, as they come and go.
#pragma once

#include "services/client/host_link.hpp"
#include "services/client/hub_finder.hpp"
#include "services/client/hub_name.hpp"
#include "services/client/operator_calls.hpp"
#include "services/client/operator_link.hpp"

#include <functional>
#include <map>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

struct operator_hubs_config {
  /// Empty: every hub below the runtime directory, unless hosts are named.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
  std::string client; ///< what hubs are told about this client
  /// Other machines, all of whose hubs are followed.
  std::vector<std::string> hosts = {};
};

/// Keeps `list` up to date. It never blocks; its owner polls. A hub is named as
/// hub_name() does.
class operator_hubs {
public:
  operator_hubs(operator_hubs_config config, protocol::prompt_list& list);

  /// Looks for hubs, and connects to new ones.
  void look(time_point now);

  /// Appends what to poll.
  void append(std::vector<pollfd>& to) const;
  /// Takes what append() appended and poll() filled, and does what is due.
  void handle(std::span<const pollfd> entries, time_point now);
  /// When to call handle() although nothing happened.
  std::optional<time_point> due() const;

  /// How many hubs are not followed, because there are too many.
  std::size_t left_out() const noexcept { return left_out_; }

  /// See operator_link.
  void set_attends(bool attends, time_point now);

  // Each `take` is called once, later or at once.

  void decide(const protocol::prompt_key& prompt, std::int64_t revision,
              protocol::action action, std::string_view reason,
              std::function<void(const decision_outcome&)> take, time_point now,
              std::optional<std::int64_t> seconds = {});
  void quiet(const std::string& hub, std::string_view container, bool on,
             call_queue::taker take, time_point now);
  void explain(const protocol::prompt_key& prompt, call_queue::taker take,
               time_point now);
  void history(const std::string& hub, call_queue::taker take, time_point now);
  void rules(const std::string& hub, call_queue::taker take, time_point now);

private:
  void look_up(const std::string& hub, std::string message,
               call_queue::taker take, time_point now);
  operator_link* link_of(const std::string& hub);
  /// A hub that is followed, or is to be.
  struct sighting {
    hub_route route;
    std::optional<socket_identity> there; // nothing: the socket does not exist
    std::string why_not;
  };
  std::map<std::string, sighting> look_around();
  /// Null: the hub is on this machine.
  const host_link* host_of(const std::string& hub) const;

  operator_hubs_config config_;
  protocol::prompt_list& list_;
  hub_finder finder_;
  std::map<std::string, host_link> hosts_;
  std::map<std::string, operator_link> links_; // by name
  std::size_t left_out_ = 0;
  bool attends_ = true;
  time_point looked_{};
};

/// Why no hub can ever be below the runtime directory, if that is where all
/// hubs are looked for: its path is too long for a socket. Empty: one can be.
std::string runtime_fault(const std::vector<std::string>& clearance_sockets,
                          const std::vector<std::string>& hosts,
                          const std::string& runtime_directory);

} // namespace clearance::services
