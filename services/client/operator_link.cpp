#include "services/client/operator_link.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/varlink/message.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_calls.hpp"
#include "services/client/wall_time.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

/// How long a hub may take for what it only has to look up.
constexpr std::chrono::milliseconds look_up_limit = 10s;
/// Longer than the hub's own limit: the hub's answer says more than ours.
constexpr std::chrono::milliseconds decision_limit =
    protocol::limits::executor_deadline + 20s;

constexpr protocol::backoff_limits pauses{50ms, 5s, 5s};

} // namespace

operator_link::operator_link(hub_route route, std::string client,
                             protocol::prompt_list& list)
    : route_(std::move(route)),
      client_(std::move(client)),
      list_(list),
      backoff_(pauses),
      look_ups_(route_),
      decisions_(route_) {
  list_.add_hub(route_.name);
}

void operator_link::seen(const std::optional<socket_identity>& there,
                         const std::string& why_not, time_point now) {
  if (stream_)
    return; // the connection's end tells when the hub is gone
  if (!there) {
    retry_at_.reset();
    if (list_.hubs().at(route_.name).why != why_not)
      list_.disconnected(route_.name, why_not);
    return;
  }
  if (std::exchange(tried_, *there) == *there)
    return;
  backoff_ = protocol::backoff{pauses};
  refused_ = false;
  connect(now);
}

void operator_link::set_attends(bool attends, time_point now) {
  if (std::exchange(attends_, attends) == attends || !stream_ || older_)
    return;
  stream_.reset();
  connect(now);
}

void operator_link::tick(time_point now) {
  look_ups_.tick(now);
  decisions_.tick(now);
  if (!stream_ && retry_at_ && now >= *retry_at_)
    connect(now);
}

std::optional<time_point> operator_link::due() const {
  std::optional<time_point> result;
  for (const auto& at : {retry_at_, look_ups_.due(), decisions_.due()})
    if (at && (!result || *at < *result))
      result = at;
  return result;
}

void operator_link::append(std::vector<pollfd>& to) const {
  if (stream_)
    to.push_back({stream_->fd(), stream_->events(), 0});
  for (const auto* calls : {&look_ups_, &decisions_})
    if (calls->fd() >= 0)
      to.push_back({calls->fd(), calls->events(), 0});
}

void operator_link::ready(int fd, time_point now) {
  if (fd == look_ups_.fd())
    look_ups_.ready(now);
  else if (fd == decisions_.fd())
    decisions_.ready(now);
  else if (stream_ && fd == stream_->fd()) {
    auto why = stream_->ready(
        [this](std::string_view message) { return take(message); });
    if (refused_)
      stream_.reset();
    else if (!why.empty())
      lost("the hub " + why, now);
  }
}

void operator_link::connect(time_point now) {
  retry_at_.reset();
  older_.reset();
  backoff_.started(now);
  auto connected = route_.connect();
  if (const auto* why = std::get_if<std::string>(&connected)) {
    lost(*why, now);
    return;
  }
  stream_.emplace(std::move(std::get<descriptor>(connected)));
  list_.connected(route_.name);
  if (!stream_->send(watch_call_text(client_, attends_)))
    lost("the hub closed the connection", now);
}

void operator_link::lost(const std::string& why, time_point now) {
  stream_.reset();
  older_.reset();
  const auto likely = route_.suspicion();
  list_.disconnected(route_.name, likely.empty() ? why : likely);
  retry_at_ = now + backoff_.ended(now);
}

void operator_link::refuse(const std::string& why) {
  refused_ = true; // ready() closes: the stream is in use
  older_.reset();
  list_.disconnected(route_.name, why);
}

bool operator_link::take(std::string_view message) {
  if (older_) {
    take_event(message);
    return !refused_;
  }
  auto answer = protocol::parse_operator_answer(message);
  if (!answer) {
    refuse("it is no hub: it answered with bytes that are no reply");
    return false;
  }
  if (answer->error == "org.varlink.service.InterfaceNotFound") {
    follow_older();
    return true;
  }
  if (!answer->error.empty()) {
    refuse("the hub refused: " + shown(answer->error));
    return false;
  }
  auto reply = protocol::read_watch_reply(*answer);
  if (!reply) {
    refuse("the hub sent a prompt that this program does not understand; "
           "update the program");
    return false;
  }
  list_.apply(route_.name, std::move(*reply));
  return true;
}

void operator_link::follow_older() {
  older_.emplace();
  list_.connected(route_.name, true);
  protocol::watch_reply nothing;
  nothing.complete = true;
  list_.apply(route_.name, nothing);
  std::string call;
  protocol::varlink::append_call(call, "org.terok.Clearance1.Subscribe", {},
                                 true);
  stream_->send(call); // a broken connection shows itself when it is read
}

void operator_link::take_event(std::string_view message) {
  auto parsed = protocol::varlink::parse_reply(message);
  const auto* reply = std::get_if<protocol::varlink::reply>(&parsed);
  if (reply == nullptr)
    refuse("it is no hub: it answered with bytes that are no reply");
  else if (!reply->error.empty())
    refuse("the hub refused: " + shown(reply->error));
  else if (reply->notification)
    list_.apply(route_.name,
                older_->take(*reply->notification, wall_microseconds()));
}

void operator_link::look_up(std::string message, call_queue::taker take,
                            time_point now) {
  look_ups_.call(std::move(message), look_up_limit, std::move(take), now);
}

void operator_link::decide(std::string message, call_queue::taker take,
                           time_point now) {
  decisions_.call(std::move(message), decision_limit, std::move(take), now);
}

void operator_link::end_calls() {
  look_ups_.fail_all("this hub is gone");
  decisions_.fail_all("this hub is gone");
}

std::optional<protocol::older_hub::open_block>
operator_link::block_of(const std::string& id) const {
  return older_ ? older_->block_of(id) : std::nullopt;
}

} // namespace clearance::services
