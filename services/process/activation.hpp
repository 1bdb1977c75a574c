/// Socket activation: whoever starts a service may have opened its sockets.
#pragma once

#include "actors/io/socket/inherited.hpp"
#include "services/process/systemd.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// One descriptor for each of `names`, in their order, when each of them was
/// passed once and nothing else; none when nothing was passed. Errors: why not.
std::variant<std::vector<int>, std::string>
match_sockets(const std::vector<systemd::passed_socket>& passed,
              const std::vector<std::string_view>& names);

struct activated_socket {
  int fd = -1; ///< for listen_spec::inherited
  io::listening_place place;
};

/// Those that were passed to this process: none, or one for each of `names`.
/// `option` names a socket to be bound, which passed ones exclude; empty: none
/// was given. Before any thread is started, once. Throws setup_fault.
std::vector<activated_socket>
activated_sockets(const std::vector<std::string_view>& names,
                  std::string_view option);

} // namespace clearance::services
