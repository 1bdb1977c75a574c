#include "services/web/web_server.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/operator/json_members.hpp"
#include "protocol/web/limits.hpp"
#include "protocol/web/response.hpp"
#include "services/client/wall_time.hpp"
#include "services/web/log.hpp"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/random.h>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace web_limits = protocol::web_limits;
using status = web_connection::status;

namespace {

protocol::web_random random_of_kernel() {
  protocol::web_random result{};
  if (::getrandom(result.data(), result.size(), 0)
      != static_cast<ssize_t>(result.size()))
    throw std::runtime_error{"the kernel gives no random bytes"};
  return result;
}

void set_option(int fd, int level, int name, int value) {
  // A kernel without the option keeps its default.
  (void)!::setsockopt(fd, level, name, &value, sizeof(value));
}

/// The kernel finds browsers that vanished without a word, for example behind a
/// tunnel, so this program needs no timer for it.
void watch_peer(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

std::string one_member(std::string_view name, std::string_view value) {
  std::string out;
  {
    protocol::json_members to{out};
    to.text(name, value);
  }
  return out;
}

} // namespace

web_server::web_server(descriptor listener, std::string host,
                       operator_hubs& hubs, const protocol::prompt_list& list)
    : listener_(std::move(listener)),
      host_(std::move(host)),
      list_(list),
      page_(make_web_page()),
      calls_(hubs, list) {
  // nop
}

std::string web_server::link(std::optional<time_point> until) {
  return "http://" + host_ + "/#" + tokens_.issue(random_of_kernel(), until);
}

void web_server::append(std::vector<pollfd>& to) const {
  to.push_back({listener_.get(), POLLIN, 0});
  for (const auto& [id, x] : connections_)
    to.push_back({x.fd.get(), x.events(), 0});
}

void web_server::handle(std::span<const pollfd> entries, time_point now) {
  // As in append(): connections are in their order, and none came or went.
  auto polled = entries.begin();
  const bool has_new = polled != entries.end() && polled->revents != 0;
  if (polled != entries.end())
    ++polled;
  for (auto i = connections_.begin();
       i != connections_.end() && polled != entries.end(); ++i, ++polled) {
    auto& x = i->second;
    const auto came = polled->revents;
    if ((came & POLLOUT) != 0)
      x.flush();
    if ((came & POLLIN) != 0 && x.is == status::reading && x.out.empty())
      x.receive();
    else if ((came & (POLLERR | POLLHUP | POLLRDHUP)) != 0)
      x.is = status::closed;
    process(i->first, x, now);
  }
  for (auto& [id, x] : connections_) {
    if (x.deadline && now >= *x.deadline)
      x.is = status::closed;
    pump(x, now);
  }
  std::erase_if(connections_,
                [](const auto& x) { return x.second.is == status::closed; });
  if (has_new)
    take_connections();
}

std::optional<time_point> web_server::due() const {
  std::optional<time_point> result;
  const auto add = [&](time_point at) {
    result = std::min(result.value_or(at), at);
  };
  for (const auto& [id, x] : connections_) {
    if (x.deadline)
      add(*x.deadline);
    if (x.is != status::streaming)
      continue;
    add(x.stream_until);
    if (x.out.empty() && x.stream->is_behind())
      add(x.piece_at + web_limits::piece_interval);
  }
  return result;
}

void web_server::take_connections() {
  for (;;) {
    descriptor fd{::accept4(listener_.get(), nullptr, nullptr,
                            SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!fd)
      return; // none waits, or there is no descriptor for it
    if (!make_room())
      continue; // closes it
    watch_peer(fd.get());
    connections_.emplace(++last_id_, web_connection{std::move(fd)});
  }
}

bool web_server::make_room() {
  if (connections_.size() < web_limits::connections_max)
    return true;
  const auto oldest =
      std::find_if(connections_.begin(), connections_.end(),
                   [](const auto& x) { return !x.second.is_trusted; });
  if (oldest == connections_.end())
    return false;
  connections_.erase(oldest);
  return true;
}

void web_server::process(std::uint64_t id, web_connection& x, time_point now) {
  while (x.is == status::reading && x.out.empty()) {
    const bool has_begun = !x.in.empty();
    auto read = x.reader.feed(x.in);
    if (read == request_reader::status::broken) {
      x.finish(protocol::web_refused(400));
      return;
    }
    if (read != request_reader::status::head && !x.call) {
      if (!judge(x, now))
        return;
      read = x.reader.feed(x.in);
    }
    if (read == request_reader::status::broken) {
      x.finish(protocol::web_refused(400));
      return;
    }
    if (read != request_reader::status::done) {
      if (has_begun && !x.deadline)
        x.deadline = now + web_limits::request_time_limit;
      return;
    }
    x.deadline.reset();
    execute(id, x, now);
  }
}

bool web_server::judge(web_connection& x, time_point now) {
  const auto judged = x.reader.head().judge(host_, tokens_, now);
  if (const auto* why = std::get_if<protocol::web_refusal>(&judged)) {
    refuse(x, *why);
    return false;
  }
  x.call = std::get<protocol::web_call>(judged);
  x.is_trusted =
      x.is_trusted || tokens_.bearer_until(x.reader.head().bearer(), now);
  return true;
}

// Once for each cause: the person who sees an empty page learns why, and a
// hostile page cannot fill the log.
void web_server::refuse(web_connection& x, protocol::web_refusal why) {
  x.deadline.reset();
  x.finish(protocol::web_refused(why.status));
  if (why.status == 403 && told_why_.insert(why.why).second)
    say_of_web("refused a request: " + std::string{why.why}
               + "; the page is at http://" + host_ + "/ (this is said once)");
}

void web_server::answer_json(web_connection& x, std::string_view json) {
  x.answer(protocol::web_response("application/json", json, {}));
}

void web_server::execute(std::uint64_t id, web_connection& x, time_point now) {
  using kind = protocol::web_call;
  const auto what = *x.call;
  if (what == kind::page) {
    x.answer(protocol::web_response("text/html; charset=utf-8", page_.text,
                                    page_.policy));
    return;
  }
  const auto body = protocol::parse_web_body(x.reader.body());
  if (!body) {
    x.finish(protocol::web_refused(400));
    return;
  }
  switch (what) {
  case kind::page:
    break;
  case kind::session:
    begin_session(x, *body, now);
    return;
  case kind::window:
    answer_json(x, one_member("link", link(now + web_limits::window_lifetime)));
    return;
  case kind::stream:
    begin_stream(x, *body, now);
    return;
  case kind::alive:
    answer_json(x, "{}");
    return;
  case kind::decide:
  case kind::explain:
  case kind::quiet:
  case kind::rule:
  case kind::rules:
    x.is = status::calling;
    calls_.call(
        what, *body,
        [this, id](const std::string& json) {
          if (const auto i = connections_.find(id); i != connections_.end())
            answer_json(i->second, json);
        },
        now);
    return;
  }
}

void web_server::begin_session(web_connection& x,
                               const protocol::web_body& body, time_point now) {
  const auto bearer = tokens_.trade(body.token, random_of_kernel(), now);
  if (!bearer) {
    refuse(x, {403, "its link was used before, or is too old: start "
                    "terok-clearance web again for a new one"});
    return;
  }
  was_opened_ = true;
  x.is_trusted = true;
  answer_json(x, one_member("bearer", *bearer));
}

void web_server::begin_stream(web_connection& x, const protocol::web_body& body,
                              time_point now) {
  const auto streams = std::count_if(
      connections_.begin(), connections_.end(),
      [](const auto& y) { return y.second.is == status::streaming; });
  if (static_cast<std::size_t>(streams) >= web_limits::streams_max) {
    x.finish(protocol::web_refused(503));
    return;
  }
  const auto until = tokens_.bearer_until(x.reader.head().bearer(), now);
  x.is = status::streaming;
  x.stream.emplace(list_, body.after);
  x.stream_until = until.value_or(now);
  x.piece_at = now - web_limits::piece_interval;
  x.out += protocol::web_stream_head();
  x.flush();
}

void web_server::pump(web_connection& x, time_point now) {
  if (x.is != status::streaming)
    return;
  if (now >= x.stream_until) {
    x.is = status::closed;
    return;
  }
  while (x.is == status::streaming && x.out.empty() && x.stream->is_behind()
         && (x.stream->is_in_change()
             || now - x.piece_at >= web_limits::piece_interval)) {
    x.piece_at = now;
    std::string line;
    x.stream->write(wall_microseconds(), line);
    x.out += protocol::web_chunk(line);
    x.flush();
  }
}

} // namespace clearance::services
