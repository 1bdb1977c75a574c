#include "actors/io/socket/peer_check.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/small_file.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::io {

namespace {

constexpr std::size_t status_max_bytes = 64 * 1024;

// Whether the process is in a process namespace below that of our /proc. The
// line NSpid has its number in each of them. A process that has ended already
// may have been anywhere. Source: proc(5), /proc/PID/status; Linux 4.1.
bool may_be_in_container(pid_t pid) {
  // A process that is not below us at all has no number for us.
  if (pid == 0)
    return false;
  auto file =
      open_regular(AT_FDCWD, "/proc/" + std::to_string(pid) + "/status");
  auto* opened = std::get_if<regular_file>(&file);
  if (opened == nullptr)
    return true;
  const auto text = read_up_to(opened->fd.get(), status_max_bytes);
  const auto* status = std::get_if<std::string>(&text);
  if (status == nullptr)
    return true;
  constexpr std::string_view key = "\nNSpid:\t";
  const auto at = status->find(key);
  if (at == std::string::npos)
    return status->size() > status_max_bytes;
  const auto end = status->find('\n', at + key.size());
  return status->find('\t', at + key.size()) < end;
}

int spare_descriptor() {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

} // namespace

peer_check::peer_check(std::string role, peer_place place)
    : role_(std::move(role)), place_(place) {
  if (place_ == peer_place::outside_containers)
    spare_.reset(spare_descriptor());
}

bool peer_check::admits(const actors::peer& who) {
  if (who.uid != ::getuid())
    return refuse(who, "refused a peer of another uid");
  if (place_ == peer_place::outside_containers && !is_outside(who))
    return refuse(who, "refused a peer that runs in a container or has ended");
  return true;
}

bool peer_check::is_outside(const actors::peer& who) {
  spare_.reset();
  const auto result = !may_be_in_container(who.pid);
  spare_.reset(spare_descriptor());
  return result;
}

bool peer_check::refuse(const actors::peer& who, const char* why) {
  ++refused_;
  if (!lines_.allow(std::chrono::steady_clock::now()))
    return false;
  const auto withheld = lines_.take_withheld();
  log(actors::severity::warning, "listener", why,
      {{"socket", role_},
       {"uid", std::to_string(who.uid)},
       {"pid", std::to_string(who.pid)},
       {"not_logged", withheld > 0 ? std::to_string(withheld) : ""}});
  return false;
}

} // namespace clearance::io
