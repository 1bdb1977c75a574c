#include "services/guard/name_server.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/random.h>

namespace clearance::services {

namespace {

constexpr std::uint16_t dns_server_port = 53;

// The first name server of /etc/resolv.conf.
name_server machines_server() {
  name_server result;
  struct __res_state state {};
  if (::res_ninit(&state) != 0)
    return result;
  if (state.nscount > 0 && state.nsaddr_list[0].sin_family == AF_INET) {
    result.size = sizeof(sockaddr_in);
    std::memcpy(&result.at, state.nsaddr_list, result.size);
  } else if (state._u._ext.nscount > 0 && state._u._ext.nsaddrs[0] != nullptr) {
    result.size = sizeof(sockaddr_in6);
    std::memcpy(&result.at, state._u._ext.nsaddrs[0], result.size);
  }
  ::res_nclose(&state);
  return result;
}

name_server server_at(const std::string& address) {
  name_server result;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(dns_server_port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(dns_server_port);
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    result.size = sizeof v4;
    std::memcpy(&result.at, &v4, sizeof v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    result.size = sizeof v6;
    std::memcpy(&result.at, &v6, sizeof v6);
  }
  return result;
}

io::unique_fd connect_to(const name_server& to, int type) {
  io::unique_fd fd{::socket(to.at.ss_family, type | SOCK_CLOEXEC, 0)};
  if (fd
      && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to.at), to.size)
             != 0
      && errno != EINPROGRESS)
    fd.reset();
  return fd;
}

} // namespace

std::variant<name_server, std::string>
find_name_server(const std::string& address) {
  const auto result = address.empty() ? machines_server() : server_at(address);
  if (result.size == 0)
    return "this machine has no name server: name one with --dns";
  return result;
}

io::unique_fd connect_udp(const name_server& to) {
  return connect_to(to, SOCK_DGRAM);
}

io::unique_fd connect_tcp(const name_server& to) {
  return connect_to(to, SOCK_STREAM | SOCK_NONBLOCK);
}

std::uint16_t random_dns_id() {
  std::uint16_t id = 0;
  // Blocks at most once after the machine's start.
  (void)!::getrandom(&id, sizeof id, 0);
  return id;
}

} // namespace clearance::services
