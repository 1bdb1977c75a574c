#include "services/client/host_link.hpp"

#include "protocol/operator/client_limits.hpp"
#include "services/cli/terminal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace clearance::services {

namespace {

using protocol::link_status;
namespace limits = protocol::client_limits;

} // namespace

host_link::host_link(std::string host, sayer say)
    : host_(std::move(host)),
      say_(std::move(say)),
      backoff_({limits::host_pause_min, limits::host_pause_max,
                limits::host_pause_max}) {
  say_(link_status::loading, {});
}

std::variant<descriptor, std::string>
host_link::connect(const std::string& path) {
  if (!connected())
    return why_.empty() ? shown(host_) + " is not connected yet" : why_;
  if (std::find(hubs_.begin(), hubs_.end(), path) == hubs_.end())
    return std::string{"there is no hub yet"};
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair.data())
      != 0)
    return "cannot connect to " + shown(path) + ": " + error_text(errno);
  descriptor ours{pair[0]};
  if (!mux_->open(path, descriptor{pair[1]}))
    return "too many connections to " + shown(host_);
  return ours;
}

void host_link::append(std::vector<pollfd>& to) const {
  if (!mux_)
    return;
  mux_->append(to);
  if (reads_errors_)
    to.push_back({process_->error_fd(), POLLIN, 0});
}

bool host_link::handle(std::span<const pollfd> entries, time_point now) {
  if (start_at_ && now >= *start_at_) {
    start(now);
    return true;
  }
  if (!mux_)
    return false;
  for (const auto& x : entries)
    if (x.revents != 0 && x.fd == process_->error_fd())
      reads_errors_ = process_->read_errors();
  const auto before = epoch_;
  const auto why = mux_->handle(entries);
  if (why.empty())
    return epoch_ != before;
  process_->read_errors();
  auto said = process_->last_error();
  if (why != relay_mux::closed)
    lost("what answers there is no relay of terok-clearance: " + why, now);
  else if (said.empty())
    lost("the connection ended", now);
  else
    lost("ssh says: " + said, now);
  return true;
}

void host_link::start(time_point now) {
  start_at_.reset();
  backoff_.started(now);
  process_.emplace(host_);
  if (!process_->failure().empty()) {
    lost(process_->failure(), now);
    return;
  }
  reads_errors_ = true;
  say_(link_status::loading, why_);
  mux_.emplace(process_->fd(), process_->fd(),
               relay_role{[this](std::vector<std::string> hubs) {
                            hubs_ = std::move(hubs);
                            epoch_ = ++last_epoch_;
                            why_.clear();
                            say_(link_status::current, {});
                          },
                          {}});
}

// A copy of `why`: it may be a part of what ends here.
void host_link::lost(std::string why, time_point now) {
  mux_.reset();
  process_.reset();
  hubs_.clear();
  epoch_ = 0;
  why_ = shown(host_) + " is away: " + std::move(why);
  say_(link_status::absent, why_);
  start_at_ = now + backoff_.ended(now);
}

} // namespace clearance::services
