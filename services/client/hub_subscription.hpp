/// One hub that `watch` follows, also when the hub is started again.
#pragma once

#include "protocol/base/framing.hpp"
#include "services/client/announcement.hpp"
#include "services/client/block_times.hpp"
#include "services/client/hub_route.hpp"
#include "services/client/socket_identity.hpp"
#include "services/client/unix_socket.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::services {

/// A machine of four states. It reports every change to `say` once:
///
///   absent <--vanished-- waiting --connected--> following
///      '----appeared----->  ^  ^                 |    |
///                           |  '----hang-up------'    '--error--> refused
///                           '--a new socket appeared----------------'
///
/// In the state `waiting` it tries again after 50 ms, and each further time
/// after twice as long, up to 5 s: a socket exists before its owner listens,
/// and inotify does not show when the owner begins to listen.
///
/// A hub drops the oldest events of a client that does not read. When watch did
/// not read for a while and much was waiting then (neglected()), it reads the
/// rest and asks the hub, on a second connection, how many it dropped. If it
/// dropped some, or has no operator interface to say so, watch subscribes anew:
/// the hub sends every block that still waits for a verdict and that it sent to
/// no client before.
///
/// A hub of another machine may drop events, too, because the network is slow,
/// which nobody notices here. Such a hub is asked whenever it has sent much.
///
/// A block that no client was sent before is older than the subscription. When
/// the first one comes, watch asks the hub on a second connection for its
/// prompts, which say when it got them, and does not read on until it knows,
/// for at most 250 ms.
class hub_subscription {
public:
  using sayer = void (*)(std::string_view what);

  explicit hub_subscription(std::string path, sayer say);
  /// To a hub of another machine. While it is known why the machine is away,
  /// this says nothing: whoever has the route says it.
  hub_subscription(hub_route far, sayer say);

  /// The socket's path, or the name of a hub of another machine.
  const std::string& path() const noexcept { return path_; }
  bool is_far() const noexcept { return far_.has_value(); }
  bool following() const noexcept { return state_ == state::following; }
  /// The hub at the path does not serve us. Only another hub there may.
  bool refused() const noexcept { return state_ == state::refused; }

  /// For poll; -1 in all states but `following`, and while the hub is asked for
  /// the times of its blocks.
  int fd() const noexcept { return times_.fd() >= 0 ? -1 : connection_.get(); }
  /// For poll: the connection on which the hub is asked for these times, or how
  /// many events it has dropped; -1 if it is not asked now.
  int question_fd() const noexcept {
    return times_.fd() >= 0 ? times_.fd() : question_.get();
  }
  /// When to call retry(). Nothing: retry() has nothing to do.
  std::optional<time_point> retry_at() const noexcept;

  /// The socket exists, or it does not. Connects to a new socket.
  void seen(bool there, time_point now);
  /// The hub's machine says that the hub is there. With another `epoch` than
  /// before the hub may have been started again.
  void announced(std::uint64_t epoch, time_point now);
  /// Does what is due: connects, subscribes anew, or says that it follows.
  void retry(time_point now);

  /// Nobody read the connection for longer than a hub waits, because of `why`.
  /// Call this before the next read().
  void neglected(std::string_view why, time_point now);

  /// False: the taker does not want more events now.
  using taker = std::function<bool(const announcement&)>;

  /// Reads once and hands on the events that are complete. An event that the
  /// taker did not want is lost.
  void read(announcement_reader& reader, const taker& take, time_point now);

  /// Reads what the hub answers to the question.
  void read_answer(time_point now);

  /// When the hub got a block that waited there before it was followed, in
  /// microseconds since the epoch; of several of one target that wait, the
  /// newest one. Nothing: the event is new, or the hub does not say it.
  std::optional<std::int64_t> time_of(const protocol::event& x) const {
    return times_.of(x);
  }

private:
  enum class state { absent, waiting, following, refused };

  struct no_connection {
    std::string why;
    bool is_awaited; // no hub listens there yet
  };

  std::variant<descriptor, no_connection> open() const;
  std::string foreign() const;
  bool is_host_away() const { return far_ && !far_->suspicion().empty(); }
  void connect(time_point now);
  bool asks_for_times(time_point now);
  void count_unasked(std::size_t bytes, time_point now);
  std::chrono::milliseconds pause_of_quiet() const;
  void settle(time_point now);
  void ask_losses(time_point now);
  void answer_is_missing(time_point now);
  void subscribe_anew(time_point now);
  void lost(time_point now);
  void refuse(const std::string& what);
  void back_off(time_point now);
  void say_following();
  void say_waiting();
  void say_once(const std::string& what);
  std::size_t unread_bytes() const;

  std::string path_;
  std::optional<hub_route> far_;
  sayer say_;
  state state_ = state::absent;
  bool said_waiting_ = false;
  bool said_following_ = false; // of this connection
  bool heard_ = false;          // a message came on this connection
  bool behind_ = false;         // ask what is missing at renew_at_
  bool said_behind_ = false;
  bool can_say_losses_ = true;    // the hub, of this connection
  std::size_t unasked_bytes_ = 0; // read since a far hub was asked
  std::optional<std::uint64_t> epoch_;
  unsigned turned_away_ = 0; // connections in a row that ended at once
  socket_identity tried_;
  std::chrono::milliseconds pause_;
  time_point retry_at_{};
  time_point connected_at_{};
  time_point renew_at_{}; // or, once the hub is asked, for how long to wait
  time_point read_at_{};  // since then nothing was read
  enum class old_blocks { not_looked, may_come, none };
  old_blocks old_blocks_ = old_blocks::none;
  block_times times_;
  descriptor question_;
  protocol::framer answer_framer_ = protocol::nul_framer();
  descriptor connection_;
  protocol::framer framer_ = protocol::nul_framer();
};

} // namespace clearance::services
