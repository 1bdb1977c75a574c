#include "services/client/hub_subscription.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/varlink/message.hpp"
#include "services/cli/terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 50ms;
constexpr std::chrono::milliseconds last_pause = 5s;

} // namespace

hub_subscription::hub_subscription(std::string path, sayer say)
    : path_(std::move(path)), say_(say), pause_(first_pause) {
  // nop
}

std::optional<time_point> hub_subscription::retry_at() const noexcept {
  if (state_ == state::waiting)
    return retry_at_;
  return {};
}

void hub_subscription::seen(bool there, time_point now) {
  if (state_ == state::following)
    return; // its end tells when it is over
  struct stat found {};
  if (!there || ::stat(path_.c_str(), &found) != 0) {
    state_ = state::absent;
    say_waiting();
    return;
  }
  identity current{found.st_dev, found.st_ino, found.st_ctim.tv_sec,
                   found.st_ctim.tv_nsec};
  if (state_ != state::absent && current == tried_) {
    retry(now);
    return;
  }
  tried_ = current;
  pause_ = first_pause;
  connect(now);
}

void hub_subscription::retry(time_point now) {
  if (state_ == state::waiting && now >= retry_at_)
    connect(now);
}

void hub_subscription::connect(time_point now) {
  auto result = connect_unix(path_, 0ms);
  if (auto* error = std::get_if<connect_error>(&result)) {
    // These three pass by themselves.
    if (error->code == ENOENT || error->code == ECONNREFUSED
        || error->code == EAGAIN)
      say_waiting();
    else if (!std::exchange(said_waiting_, true))
      say_(cannot_connect(path_, *error) + "; trying again");
    back_off(now);
    return;
  }
  connection_ = std::move(std::get<descriptor>(result));
  framer_ = protocol::nul_framer();
  std::string call;
  protocol::varlink::append_call(call, "org.terok.Clearance1.Subscribe", {},
                                 true);
  // A fresh socket's buffer takes so little at once.
  auto n = ::send(connection_.get(), call.data(), call.size(), MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(call.size())) {
    connection_.reset();
    say_waiting();
    back_off(now);
    return;
  }
  state_ = state::following;
  connected_at_ = now;
  said_waiting_ = false;
  say_("following the hub at " + shown(path_));
}

void hub_subscription::read(announcement_reader& reader, const taker& take,
                            time_point now) {
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  auto n = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    lost(now);
    return;
  }
  protocol::frame_batch frames;
  bool fits =
      framer_.feed({buffer.data(), static_cast<std::size_t>(n)}, frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto result = reader.read(frames.at(i), frames.capacity_at(i));
    if (auto* end = std::get_if<no_announcement>(&result)) {
      refuse(end->why);
      return;
    }
    pause_ = first_pause;
    if (!take(std::get<announcement>(result)))
      return;
  }
  if (!fits)
    refuse("a message that is too long");
}

void hub_subscription::lost(time_point now) {
  connection_.reset();
  if (now - connected_at_ >= last_pause)
    pause_ = first_pause;
  say_("the hub at " + shown(path_) + " went away; waiting for it");
  said_waiting_ = true;
  back_off(now);
}

void hub_subscription::refuse(const std::string& why) {
  connection_.reset();
  state_ = state::refused;
  say_("no hub of ours at " + shown(path_) + ", it answered " + why);
}

void hub_subscription::back_off(time_point now) {
  state_ = state::waiting;
  retry_at_ = now + pause_;
  pause_ = std::min(2 * pause_, last_pause);
}

void hub_subscription::say_waiting() {
  if (!std::exchange(said_waiting_, true))
    say_("no hub at " + shown(path_) + " yet; waiting for it");
}

} // namespace clearance::services
