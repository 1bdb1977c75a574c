/// Calls to one hub, one after another, for a program that must not wait.
#pragma once

#include "protocol/base/framing.hpp"
#include "protocol/operator/operator_answer.hpp"
#include "services/client/hub_route.hpp"
#include "services/client/unix_socket.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::services {

/// What came of a call.
struct call_result {
  std::string failure; ///< why there is no answer, printable; else empty
  protocol::operator_answer answer;
  /// There is no answer, but the hub may have got the call and done what it
  /// asks for.
  bool was_sent = false;
};

/// Writes bytes and reads messages on a socket that does not block.
class message_stream {
public:
  explicit message_stream(descriptor connection)
      : connection_(std::move(connection)) {
    // nop
  }

  int fd() const noexcept { return connection_.get(); }
  /// What to poll for.
  short events() const noexcept;

  /// False: the connection is broken.
  bool send(std::string_view bytes);

  /// Sends what waits, and reads once. `take` gets each message without its
  /// NUL; it returns false when it wants no more. Returns why the connection
  /// is over; empty: it goes on.
  std::string ready(const std::function<bool(std::string_view)>& take);

private:
  bool flush();

  descriptor connection_;
  std::string unsent_;
  protocol::framer framer_ = protocol::nul_framer();
};

/// Connects when there is a call to make, and keeps the connection for the next
/// one. Every taker is called once, from ready(), tick(), call() or fail_all().
class call_queue {
public:
  using taker = std::function<void(const call_result&)>;

  explicit call_queue(hub_route route) : route_(std::move(route)) {}
  call_queue(const call_queue&) = delete;
  call_queue& operator=(const call_queue&) = delete;

  /// `message` is a whole call, NUL included. `limit` counts from the moment at
  /// which the call is the first one.
  void call(std::string message, std::chrono::milliseconds limit, taker take,
            time_point now);

  bool idle() const noexcept { return calls_.empty(); }

  /// -1: nothing to poll.
  int fd() const noexcept { return stream_ ? stream_->fd() : -1; }
  short events() const noexcept {
    return stream_ ? stream_->events() : short{};
  }

  void ready(time_point now);
  /// Ends a call that took too long.
  void tick(time_point now);
  std::optional<time_point> due() const;

  /// Ends all calls, and the connection.
  void fail_all(const std::string& why);

private:
  struct waiting_call {
    std::string message;
    std::chrono::milliseconds limit;
    taker take;
  };

  void begin(time_point now);
  void finish(const call_result& x, time_point now);

  hub_route route_;
  std::optional<message_stream> stream_;
  std::deque<waiting_call> calls_; // the first one was sent
  time_point deadline_{};
};

} // namespace clearance::services
