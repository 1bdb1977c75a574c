/// One hub that `watch` follows, also when the hub is started again.
#pragma once

#include "protocol/base/framing.hpp"
#include "services/client/announcement.hpp"
#include "services/client/socket_identity.hpp"
#include "services/client/unix_socket.hpp"

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
class hub_subscription {
public:
  using sayer = void (*)(std::string_view what);

  explicit hub_subscription(std::string path, sayer say);

  const std::string& path() const noexcept { return path_; }
  bool following() const noexcept { return state_ == state::following; }
  /// The hub at the path does not serve us. Only another hub there may.
  bool refused() const noexcept { return state_ == state::refused; }

  /// For poll; -1 in all states but `following`.
  int fd() const noexcept { return connection_.get(); }
  /// For poll: the connection on which the hub is asked how many events it has
  /// dropped; -1 if it is not asked now.
  int question_fd() const noexcept { return question_.get(); }
  /// When to call retry(). Nothing: retry() has nothing to do.
  std::optional<time_point> retry_at() const noexcept;

  /// The socket exists, or it does not. Connects to a new socket.
  void seen(bool there, time_point now);
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

private:
  enum class state { absent, waiting, following, refused };

  void connect(time_point now);
  void settle(time_point now);
  void ask_losses(time_point now);
  void subscribe_anew(time_point now);
  void lost(time_point now);
  void refuse(const std::string& what);
  void back_off(time_point now);
  void say_following();
  void say_waiting();
  void say_once(const std::string& what);
  std::size_t unread_bytes() const;

  std::string path_;
  sayer say_;
  state state_ = state::absent;
  bool said_waiting_ = false;
  bool said_following_ = false; // of this connection
  bool heard_ = false;          // a message came on this connection
  bool behind_ = false;         // ask what is missing at renew_at_
  unsigned turned_away_ = 0;    // connections in a row that ended at once
  socket_identity tried_;
  std::chrono::milliseconds pause_;
  time_point retry_at_{};
  time_point connected_at_{};
  time_point renew_at_{}; // or, once the hub is asked, for how long to wait
  descriptor question_;
  protocol::framer answer_framer_ = protocol::nul_framer();
  descriptor connection_;
  protocol::framer framer_ = protocol::nul_framer();
};

} // namespace clearance::services
