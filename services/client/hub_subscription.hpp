/// One hub that `watch` follows through all its restarts.
#pragma once

#include "protocol/base/framing.hpp"
#include "services/client/announcement.hpp"
#include "services/client/unix_socket.hpp"

#include <functional>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace clearance::services {

/// A machine of four states; whatever changes is told to `say`:
///
///   absent <--vanished-- waiting --connected--> following
///      '----appeared----->  ^  ^                 |    |
///                           |  '----hang-up------'    '--error--> refused
///                           '--a new socket appeared----------------'
///
/// Waiting, it tries again after 50 ms, then after twice as long each time, up
/// to 5 s: a socket is there before its owner listens, and inotify does not
/// tell when it does.
class hub_subscription {
public:
  using sayer = void (*)(std::string_view what);

  explicit hub_subscription(std::string path, sayer say);

  const std::string& path() const noexcept { return path_; }
  bool following() const noexcept { return state_ == state::following; }
  /// What is there is no hub, and will be none until it is replaced.
  bool refused() const noexcept { return state_ == state::refused; }

  /// For poll; -1 unless following.
  int fd() const noexcept { return connection_.get(); }
  /// When to call retry(); nothing when that cannot help.
  std::optional<time_point> retry_at() const noexcept;

  /// The socket is there, or is not. Connects to one that is new.
  void seen(bool there, time_point now);
  /// Connects if it is time to.
  void retry(time_point now);

  /// False: no more of them now.
  using taker = std::function<bool(const announcement&)>;

  /// Reads once and hands on what is whole. What the taker did not want is
  /// lost.
  void read(announcement_reader& reader, const taker& take, time_point now);

private:
  enum class state { absent, waiting, following, refused };

  /// Tells a socket from its successor at the same path.
  struct identity {
    dev_t device = 0;
    ino_t inode = 0;
    time_t seconds = 0;
    long nanoseconds = 0;

    friend bool operator==(const identity&, const identity&) = default;
  };

  void connect(time_point now);
  void lost(time_point now);
  void refuse(const std::string& why);
  void back_off(time_point now);
  void say_waiting();

  std::string path_;
  sayer say_;
  state state_ = state::absent;
  bool said_waiting_ = false;
  identity tried_;
  std::chrono::milliseconds pause_;
  time_point retry_at_{};
  time_point connected_at_{};
  descriptor connection_;
  protocol::framer framer_ = protocol::nul_framer();
};

} // namespace clearance::services
