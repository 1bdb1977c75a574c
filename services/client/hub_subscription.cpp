#include "services/client/hub_subscription.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/json/json_tree.hpp"
#include "protocol/varlink/message.hpp"
#include "protocol/varlink/operator_call.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/hub_name.hpp"
#include "services/client/socket_owner.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 50ms;
constexpr std::chrono::milliseconds last_pause = 5s;

/// A hub that does not want a client closes the connection when it accepts it.
constexpr std::chrono::milliseconds at_once = 1s;

/// No event for so long: what the hub had for this connection has been read.
constexpr std::chrono::milliseconds quiet = 200ms;

/// The same for a hub of another machine: the answers to what was read may
/// still be on their way there.
constexpr std::chrono::milliseconds far_quiet = 2s;

/// How long a hub may take to say how many events it has dropped.
constexpr std::chrono::milliseconds answer_time_limit = 1s;
constexpr std::chrono::milliseconds far_answer_time_limit = 10s;

/// How long a hub may take to say when it got the blocks that wait. Meanwhile
/// no event is read, and the hub keeps those that follow.
constexpr std::chrono::milliseconds times_limit = 250ms;
constexpr std::chrono::milliseconds far_times_limit = 2s;

/// Later than this after the connection no block is old.
constexpr std::chrono::milliseconds old_blocks_limit = 10s;

/// A hub drops events only while the socket takes no more. The kernel then
/// holds 208 KiB for the socket by its own accounting, which charges a small
/// message at up to four times its size.
///
/// A hub of another machine drops events only while its relay waits for credit,
/// which it does after 64 KiB.
constexpr std::size_t unread_min_bytes = 32 * 1024;

// Nothing: the hub cannot say it, because it is older or keeps no prompts.
std::optional<std::int64_t> lost_events_of(std::string_view message) {
  const auto parsed = protocol::varlink::parse_reply(message);
  const auto* reply = std::get_if<protocol::varlink::reply>(&parsed);
  if (reply == nullptr || !reply->error.empty())
    return {};
  const auto* events = protocol::varlink::find(reply->parameters, "events");
  if (events == nullptr)
    return {};
  const auto tree = protocol::parse_json_tree(events->text);
  const auto result = tree ? tree->integer() : std::nullopt;
  return result && *result >= 0 ? result : std::nullopt;
}

} // namespace

hub_subscription::hub_subscription(std::string path, sayer say)
    : path_(std::move(path)), say_(say), pause_(first_pause) {
  // nop
}

hub_subscription::hub_subscription(hub_route far, sayer say)
    : path_(far.name), far_(std::move(far)), say_(say), pause_(first_pause) {
  // nop
}

std::variant<descriptor, hub_subscription::no_connection>
hub_subscription::open() const {
  if (far_) {
    auto result = far_->connect();
    if (auto* why = std::get_if<std::string>(&result))
      return no_connection{std::move(*why), false};
    return std::move(std::get<descriptor>(result));
  }
  auto result = connect_unix(path_, 0ms);
  if (const auto* error = std::get_if<connect_error>(&result))
    return no_connection{cannot_connect(path_, *error),
                         error->code == ENOENT || error->code == ECONNREFUSED};
  return std::move(std::get<descriptor>(result));
}

std::string hub_subscription::foreign() const {
  return far_ ? std::string{} : foreign_owner(path_);
}

std::chrono::milliseconds hub_subscription::pause_of_quiet() const {
  return far_ ? far_quiet : quiet;
}

std::optional<time_point> hub_subscription::retry_at() const noexcept {
  if (state_ == state::waiting)
    return retry_at_;
  if (state_ != state::following)
    return {};
  if (times_.fd() >= 0)
    return times_.due();
  if (behind_)
    return renew_at_;
  if (!said_following_)
    return connected_at_ + at_once;
  return {};
}

void hub_subscription::seen(bool there, time_point now) {
  if (state_ == state::following) {
    settle(now); // the connection's end tells when the hub is gone
    return;
  }
  struct stat found {};
  int code = ::stat(path_.c_str(), &found) == 0 ? 0 : errno;
  if (!there || code != 0) {
    state_ = state::absent;
    if (code == EACCES)
      say_once(cannot_connect(path_, {code}) + "; waiting until it can be");
    else
      say_waiting();
    return;
  }
  const socket_identity current{found};
  if (state_ != state::absent && current == tried_) {
    retry(now);
    return;
  }
  tried_ = current;
  turned_away_ = 0;
  pause_ = first_pause;
  connect(now);
}

void hub_subscription::announced(std::uint64_t epoch, time_point now) {
  if (state_ == state::following || std::exchange(epoch_, epoch) == epoch) {
    retry(now);
    return;
  }
  turned_away_ = 0;
  pause_ = first_pause;
  connect(now);
}

void hub_subscription::retry(time_point now) {
  if (state_ == state::following)
    settle(now);
  else if (state_ == state::waiting && now >= retry_at_)
    connect(now);
}

void hub_subscription::settle(time_point now) {
  if (times_.fd() >= 0) {
    if (now >= times_.due()) {
      times_.forget();
      read_at_ = now;
    }
    return;
  }
  if (!said_following_ && now - connected_at_ >= at_once)
    say_following();
  if (!behind_ || now < renew_at_)
    return;
  if (question_)
    answer_is_missing(now);
  else
    ask_losses(now);
}

// Somebody who was told that events may be missing gets the blocks that wait.
void hub_subscription::answer_is_missing(time_point now) {
  if (said_behind_) {
    subscribe_anew(now);
    return;
  }
  question_.reset();
  behind_ = false;
}

void hub_subscription::subscribe_anew(time_point now) {
  connection_.reset();
  connect(now);
}

// This connection must stay open meanwhile: the hub counts the losses of the
// subscriptions that there are.
void hub_subscription::ask_losses(time_point now) {
  unasked_bytes_ = 0;
  auto result = open();
  if (std::holds_alternative<no_connection>(result)) {
    answer_is_missing(now);
    return;
  }
  question_ = std::move(std::get<descriptor>(result));
  answer_framer_ = protocol::nul_framer();
  std::string call;
  protocol::varlink::append_call(
      call, std::string{protocol::varlink::operator_name} + ".Lost", {}, false);
  const auto n =
      ::send(question_.get(), call.data(), call.size(), MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(call.size())) {
    answer_is_missing(now);
    return;
  }
  renew_at_ = now + (far_ ? far_answer_time_limit : answer_time_limit);
}

void hub_subscription::read_answer(time_point now) {
  if (times_.fd() >= 0) {
    times_.read();
    read_at_ = now;
    return;
  }
  std::string buffer(4096, '\0');
  const auto n = ::recv(question_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  std::optional<std::int64_t> events;
  if (n > 0) {
    protocol::frame_batch frames;
    if (answer_framer_.feed({buffer.data(), static_cast<std::size_t>(n)},
                            frames)
        && frames.size() == 0)
      return;
    if (frames.size() > 0)
      events = lost_events_of(frames.at(0));
  }
  if (events == 0) {
    question_.reset();
    behind_ = false;
    if (std::exchange(said_behind_, false))
      say_("no event of the hub at " + shown(path_) + " is missing");
    return;
  }
  if (!events && !said_behind_) {
    can_say_losses_ = false;
    answer_is_missing(now);
    return;
  }
  if (events)
    say_("the hub at " + shown(path_) + " dropped " + std::to_string(*events)
         + (*events == 1 ? " event" : " events")
         + " for this program; the blocks of these that wait for a verdict and"
           " that no client was sent come now, and `terok-clearance list"
         + (far_ ? " --host " + shell_quoted(host_of(path_)) : std::string{})
         + "` shows all that wait");
  subscribe_anew(now);
}

void hub_subscription::neglected(std::string_view why, time_point now) {
  // What waits for this program waits in ssh: count_unasked() counts it.
  if (far_ || state_ != state::following || behind_
      || unread_bytes() < unread_min_bytes)
    return;
  behind_ = said_behind_ = true;
  renew_at_ = now + quiet;
  say_(
      "events of the hub at " + shown(path_) + " may be missing, because "
      + std::string{why}
      + "; the events that the hub still has for this program come first, and"
        " then the blocks that wait for a verdict and that no client was sent");
}

void hub_subscription::count_unasked(std::size_t bytes, time_point now) {
  unasked_bytes_ += bytes;
  if (!can_say_losses_ || behind_ || unasked_bytes_ < unread_min_bytes)
    return;
  behind_ = true;
  renew_at_ = now + far_quiet;
}

void hub_subscription::connect(time_point now) {
  question_.reset();
  heard_ = said_following_ = behind_ = said_behind_ = false;
  can_say_losses_ = true;
  old_blocks_ = old_blocks::not_looked;
  unasked_bytes_ = 0;
  times_.forget();
  auto result = open();
  if (const auto* failed = std::get_if<no_connection>(&result)) {
    if (failed->is_awaited)
      say_waiting();
    else if (!is_host_away())
      say_once(failed->why + "; trying again");
    back_off(now);
    return;
  }
  connection_ = std::move(std::get<descriptor>(result));
  framer_ = protocol::nul_framer();
  connected_at_ = now;
  std::string call;
  protocol::varlink::append_call(call, "org.terok.Clearance1.Subscribe", {},
                                 true);
  // A fresh socket's buffer takes so little at once. The hub may have
  // closed the connection already.
  auto n = ::send(connection_.get(), call.data(), call.size(), MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(call.size())) {
    lost(now);
    return;
  }
  state_ = state::following;
  said_waiting_ = false;
  // A hub that turned us away before, or another user's hub, may close the
  // connection as soon as it has accepted it: nothing is said yet.
  if (turned_away_ == 0 && foreign().empty())
    say_following();
}

// The blocks that waited come first, in one go. What comes later is new.
bool hub_subscription::asks_for_times(time_point now) {
  const auto before = std::exchange(read_at_, now);
  switch (old_blocks_) {
  case old_blocks::none:
    return false;
  case old_blocks::may_come:
    if (now - before > quiet || now - connected_at_ > old_blocks_limit) {
      old_blocks_ = old_blocks::none;
      times_.forget();
    }
    return false;
  case old_blocks::not_looked:
    break;
  }
  std::string begin(protocol::limits::read_max_bytes, '\0');
  const auto n =
      ::recv(connection_.get(), begin.data(), begin.size(), MSG_PEEK);
  if (n <= 0)
    return false;
  begin.resize(static_cast<std::size_t>(n));
  old_blocks_ = old_blocks::none;
  if (begin.find(R"("connection_blocked")") == begin.npos)
    return false;
  auto result = open();
  if (auto* to = std::get_if<descriptor>(&result))
    times_.ask(std::move(*to), now + (far_ ? far_times_limit : times_limit));
  if (times_.fd() < 0)
    return false;
  old_blocks_ = old_blocks::may_come;
  return true;
}

void hub_subscription::read(announcement_reader& reader, const taker& take,
                            time_point now) {
  if (asks_for_times(now))
    return;
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  auto n = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    lost(now);
    return;
  }
  if (far_)
    count_unasked(static_cast<std::size_t>(n), now);
  if (behind_ && !question_)
    renew_at_ = now + pause_of_quiet();
  protocol::frame_batch frames;
  bool fits =
      framer_.feed({buffer.data(), static_cast<std::size_t>(n)}, frames);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto result = reader.read(frames.at(i), frames.capacity_at(i));
    if (auto* end = std::get_if<no_announcement>(&result)) {
      refuse("no hub of ours at " + shown(path_) + ", it answered " + end->why);
      return;
    }
    heard_ = true;
    turned_away_ = 0;
    pause_ = first_pause;
    if (!said_following_)
      say_following();
    if (!take(std::get<announcement>(result)))
      return;
  }
  if (!fits)
    refuse("no hub of ours at " + shown(path_)
           + ", it answered a message that is too long");
}

void hub_subscription::lost(time_point now) {
  question_.reset();
  connection_.reset();
  turned_away_ =
      !heard_ && now - connected_at_ < at_once ? turned_away_ + 1 : 0;
  if (turned_away_ > 0)
    if (const auto owner = foreign(); !owner.empty()) {
      refuse(owner + "; run this program as that user");
      return;
    }
  if (now - connected_at_ >= last_pause)
    pause_ = first_pause;
  if (is_host_away())
    turned_away_ = 0;
  else if (turned_away_ < 2)
    say_("the hub at " + shown(path_) + " went away; waiting for it");
  else if (turned_away_ == 2)
    say_("the hub at " + shown(path_) + " closes every new connection at once;"
         + " it may have all the "
         + std::to_string(protocol::limits::subscribers_max)
         + " subscribers that it can have, its log says why; trying "
           "again");
  said_waiting_ = true;
  back_off(now);
}

void hub_subscription::refuse(const std::string& what) {
  question_.reset();
  connection_.reset();
  state_ = state::refused;
  say_(what);
}

void hub_subscription::back_off(time_point now) {
  state_ = state::waiting;
  retry_at_ = now + pause_;
  pause_ = std::min(2 * pause_, last_pause);
}

void hub_subscription::say_following() {
  said_following_ = true;
  turned_away_ = 0;
  say_("following the hub at " + shown(path_));
}

void hub_subscription::say_waiting() {
  say_once("no hub at " + shown(path_) + " yet; waiting for it");
}

void hub_subscription::say_once(const std::string& what) {
  if (!std::exchange(said_waiting_, true))
    say_(what);
}

std::size_t hub_subscription::unread_bytes() const {
  int bytes = 0;
  return ::ioctl(connection_.get(), FIONREAD, &bytes) == 0
             ? static_cast<std::size_t>(bytes)
             : 0;
}

} // namespace clearance::services
