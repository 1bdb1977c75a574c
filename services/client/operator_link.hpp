/// One hub that an operator's client follows, also when the hub is started
/// again.
#pragma once

#include "protocol/base/backoff.hpp"
#include "protocol/operator/older_hub.hpp"
#include "protocol/operator/prompt_list.hpp"
#include "services/client/call_queue.hpp"
#include "services/client/socket_identity.hpp"

#include <optional>
#include <poll.h>
#include <string>
#include <vector>

namespace clearance::services {

/// Keeps the prompts of the hub in `list` up to date, under the route's name.
/// It calls `Watch`; a hub that has no operator interface is asked for the
/// events of Clearance1 instead, from which the prompts are made here.
///
/// When the connection ends, the prompts become stale. It connects again after
/// 50 ms, and each further time after twice as long, up to 5 s; at once if a
/// new socket appears.
class operator_link {
public:
  /// `client` is what the hub is told about this client: `tui`.
  operator_link(hub_route route, std::string client,
                protocol::prompt_list& list);

  bool connected() const noexcept { return stream_.has_value(); }
  bool is_older() const noexcept { return older_.has_value(); }

  /// The socket exists, or it does not, because of `why_not`. Another identity
  /// than before is another hub, or the same that was started again.
  void seen(const std::optional<socket_identity>& there,
            const std::string& why_not, time_point now);
  /// Whether a person can see now what comes; true until this is called. A hub
  /// is told by another call of `Watch`.
  void set_attends(bool attends, time_point now);
  /// Does what is due.
  void tick(time_point now);
  std::optional<time_point> due() const;

  /// Appends what to poll.
  void append(std::vector<pollfd>& to) const;
  /// `fd` is one of those and has something to do.
  void ready(int fd, time_point now);

  /// Looks something up, or changes something that takes no time.
  void look_up(std::string message, call_queue::taker take, time_point now);
  /// Decides; this may take as long as the shield does.
  void decide(std::string message, call_queue::taker take, time_point now);

  /// Every call that waits for its answer ends: the hub is gone for good.
  void end_calls();

  /// Of an older hub: what a `Verdict` must name.
  std::optional<protocol::older_hub::open_block>
  block_of(const std::string& id) const;

private:
  void connect(time_point now);
  void lost(const std::string& why, time_point now);
  void refuse(const std::string& why);
  bool take(std::string_view message);
  void take_event(std::string_view message);
  void follow_older();

  hub_route route_;
  std::string client_;
  protocol::prompt_list& list_;
  bool attends_ = true;
  bool refused_ = false; // only a new socket may help
  socket_identity tried_;
  protocol::backoff backoff_;
  std::optional<time_point> retry_at_;
  std::optional<message_stream> stream_;
  std::optional<protocol::older_hub> older_;
  call_queue look_ups_;
  call_queue decisions_;
};

} // namespace clearance::services
