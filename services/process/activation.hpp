/// Socket activation: systemd may have opened the sockets of a service.
#pragma once

#include "actors/io/socket/inherited.hpp"
#include "services/process/systemd.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// One descriptor for each of `names`, in their order, if each of them was
/// passed once and nothing else was. None if nothing was passed. Errors: why.
std::variant<std::vector<int>, std::string>
match_sockets(const std::vector<systemd::passed_socket>& passed,
              const std::vector<std::string_view>& names);

struct activated_socket {
  int fd = -1; ///< for listen_spec::inherited
  io::listening_place place;
};

/// The sockets that were passed to this process: none, or one for each of
/// `names`. `option` is an option that names a socket to bind, which is a fault
/// if sockets were passed; empty: no such option was given. Call it once,
/// before any thread is started. Throws setup_fault.
std::vector<activated_socket>
activated_sockets(const std::vector<std::string_view>& names,
                  std::string_view option);

} // namespace clearance::services
