#include "services/client/call_queue.hpp"

#include "protocol/base/limits.hpp"
#include "services/cli/terminal.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

short message_stream::events() const noexcept {
  return static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT);
}

bool message_stream::send(std::string_view bytes) {
  unsent_ += bytes;
  return flush();
}

bool message_stream::flush() {
  while (!unsent_.empty()) {
    const auto n =
        ::send(connection_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n >= 0)
      unsent_.erase(0, static_cast<std::size_t>(n));
    else if (errno == EAGAIN)
      return true;
    else if (errno != EINTR)
      return false;
  }
  return true;
}

std::string
message_stream::ready(const std::function<bool(std::string_view)>& take) {
  // A hub that closed the connection may have answered before: read first.
  const bool sends = flush();
  std::string buffer(protocol::limits::read_max_bytes, '\0');
  const auto n = ::recv(connection_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return sends ? "" : "takes no calls";
  if (n < 0)
    return "broke the connection: " + error_text(errno);
  if (n == 0)
    return "closed the connection";
  protocol::frame_batch frames;
  const bool fits =
      framer_.feed({buffer.data(), static_cast<std::size_t>(n)}, frames);
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (!take(frames.at(i)))
      return {};
  return fits ? "" : "sent a message that is too long";
}

void call_queue::call(std::string message, std::chrono::milliseconds limit,
                      taker take, time_point now) {
  calls_.push_back({std::move(message), limit, std::move(take)});
  if (calls_.size() == 1)
    begin(now);
}

void call_queue::begin(time_point now) {
  if (!stream_) {
    auto connected = route_.connect();
    if (const auto* why = std::get_if<std::string>(&connected)) {
      fail_all(*why);
      return;
    }
    stream_.emplace(std::move(std::get<descriptor>(connected)));
  }
  deadline_ = now + calls_.front().limit;
  // A broken connection shows itself when it is read.
  stream_->send(calls_.front().message);
}

void call_queue::ready(time_point now) {
  if (!stream_)
    return;
  std::optional<call_result> result;
  auto why = stream_->ready([&](std::string_view message) {
    if (auto x = protocol::parse_operator_answer(message))
      result = call_result{"", std::move(*x)};
    else
      result = call_result{"the hub at " + shown(route_.name)
                               + " answered with bytes that are no reply",
                           {}};
    return false; // one call, one reply
  });
  if (result && !calls_.empty()) {
    if (!result->failure.empty())
      stream_.reset();
    finish(*result, now);
  } else if (!why.empty()) {
    fail_all("the hub at " + shown(route_.name) + " " + why);
  }
}

void call_queue::finish(const call_result& x, time_point now) {
  auto take = std::move(calls_.front().take);
  calls_.pop_front();
  if (!calls_.empty())
    begin(now);
  take(x);
}

void call_queue::tick(time_point now) {
  if (!calls_.empty() && now >= deadline_)
    fail_all("the hub at " + shown(route_.name) + " did not answer in time");
}

std::optional<time_point> call_queue::due() const {
  return calls_.empty() ? std::nullopt : std::optional{deadline_};
}

void call_queue::fail_all(const std::string& why) {
  // Only the first call was sent. The others wait for its answer.
  bool was_sent = stream_.has_value();
  stream_.reset();
  for (auto& each : std::exchange(calls_, {}))
    each.take({why, {}, std::exchange(was_sent, false)});
}

} // namespace clearance::services
