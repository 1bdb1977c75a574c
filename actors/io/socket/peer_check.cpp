#include "actors/io/socket/peer_check.hpp"

#include "actors/base/log.hpp"

#include <chrono>
#include <unistd.h>
#include <utility>

namespace clearance::io {

peer_check::peer_check(std::string role) : role_(std::move(role)) {
  // nop
}

bool peer_check::admits(const actors::peer& who) {
  if (who.uid == ::getuid())
    return true;
  ++refused_;
  if (!lines_.allow(std::chrono::steady_clock::now()))
    return false;
  const auto withheld = lines_.take_withheld();
  log(actors::severity::warning, "listener", "refused a peer of another uid",
      {{"socket", role_},
       {"uid", std::to_string(who.uid)},
       {"pid", std::to_string(who.pid)},
       {"not_logged", withheld > 0 ? std::to_string(withheld) : ""}});
  return false;
}

} // namespace clearance::io
