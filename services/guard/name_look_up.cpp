#include "services/guard/name_look_up.hpp"

#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/dns_relay.hpp"
#include "protocol/guard/limits.hpp"
#include "services/client/unix_socket.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>

namespace clearance::services {

namespace {

// The ids of our two queries; the socket is ours alone.
constexpr std::uint16_t id_v4 = 4;
constexpr std::uint16_t id_v6 = 6;

work_result connect_to_forwarder() {
  io::unique_fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(53);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd
      || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at)
             != 0)
    return {"the container's name server cannot be reached: "
                + error_text(errno),
            {}};
  return {{}, std::move(fd)};
}

} // namespace

std::variant<std::vector<protocol::ip_address>, std::string>
ask_forwarder(const guarded_process& where, const std::string& name) {
  const auto connected = work_in_namespaces(where, connect_to_forwarder);
  if (!connected.fault.empty())
    return connected.fault;
  const int fd = connected.fd.get();
  for (const auto id : {id_v4, id_v6}) {
    const auto query = protocol::dns_query(id, name, id == id_v6);
    ::send(fd, query.data(), query.size(), MSG_NOSIGNAL);
  }
  std::vector<protocol::ip_address> result;
  const auto end = std::chrono::steady_clock::now()
                   + protocol::guard_limits::forwarder_answer;
  std::array<char, protocol::guard_limits::dns_message_max_bytes> bytes{};
  for (int answers = 0;
       answers < 2 && wait_for(fd, POLLIN, end) == waited::ready;) {
    const auto n = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      break;
    const std::string_view message(bytes.data(),
                                   n > 0 ? static_cast<std::size_t>(n) : 0);
    answers += n > 0 ? 1 : 0;
    if (const auto answer = protocol::parse_dns_answer(message))
      for (const auto& x : answer->addresses)
        result.push_back(x.address);
  }
  return result;
}

} // namespace clearance::services
