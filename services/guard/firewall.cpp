#include "services/guard/firewall.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/guard/nflog.hpp"
#include "protocol/guard/rules.hpp"
#include "services/client/unix_socket.hpp"

#include <array>
#include <cerrno>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;
using protocol::nflog_setting;

// The first line of what libnftables says; it shows the faulty command below.
std::string first_line(const char* text) {
  const std::string_view all = text == nullptr ? "" : text;
  const auto line = all.substr(0, all.find('\n'));
  return line.empty() ? "libnftables does not say why" : std::string{line};
}

std::string run_commands(nft_ctx* context, const std::string& commands) {
  nft_ctx_buffer_error(context);
  if (nft_run_cmd_from_buffer(context, commands.c_str()) == 0)
    return {};
  return "the firewall did not change: "
         + first_line(nft_ctx_get_error_buffer(context));
}

// Bytes of packets that wait for us: some thousand packets of 128 bytes. More
// than net.core.rmem_max need a privilege of the machine; then it is less.
constexpr int receive_buffer_bytes = 4 * 1024 * 1024;

void enlarge_buffer(int fd) {
  const int size = receive_buffer_bytes;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

// Sends one request and reads up to its answer; packets that come in between
// are thrown away: the container does not run anything yet, or tries again.
int ask(int fd, std::uint16_t group, nflog_setting what, std::uint32_t value) {
  const auto request = protocol::nflog_request(group, what, value);
  if (::send(fd, request.data(), request.size(), 0) < 0)
    return errno;
  std::array<char, 8192> bytes{};
  for (;;) {
    const auto n = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EINTR || errno == ENOBUFS))
      continue;
    if (n <= 0)
      return n < 0 ? errno : EIO;
    protocol::nflog_datagram datagram{
        {bytes.data(), static_cast<std::size_t>(n)}};
    while (const auto x = datagram.next())
      if (x->what == protocol::nflog_message::kind::answer)
        return x->answer.error;
  }
}

int bind_group(int fd, std::uint16_t group, std::size_t copy_max) {
  const std::pair<nflog_setting, std::uint32_t> settings[] = {
      {nflog_setting::bind, 0},
      {nflog_setting::copy_max, static_cast<std::uint32_t>(copy_max)},
      {nflog_setting::threshold, 1},
      {nflog_setting::timeout, 1},
      {nflog_setting::sequence, 0},
  };
  for (const auto& [what, value] : settings)
    if (const int error = ask(fd, group, what, value); error != 0)
      return error;
  return 0;
}

} // namespace

firewall::firewall() : context_(nft_ctx_new(NFT_CTX_DEFAULT)) {
  // nop
}

void firewall::release::operator()(nft_ctx* x) const noexcept {
  nft_ctx_free(x);
}

std::string firewall::change(const std::string& commands) {
  if (!context_)
    return "libnftables cannot be used";
  return run_commands(context_.get(), commands);
}

std::string change_firewall(const std::string& commands) {
  return firewall{}.change(commands);
}

std::string print_firewall() {
  return firewall{}.change("list table " + std::string{protocol::guard_table});
}

std::variant<io::unique_fd, nflog_fault> open_nflog() {
  io::unique_fd fd{
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)};
  if (!fd)
    return nflog_fault{"NFLOG cannot be used: " + error_text(errno)};
  enlarge_buffer(fd.get());
  int error = bind_group(fd.get(), limits::block_group,
                         limits::blocked_packet_max_bytes);
  if (error == 0)
    error = bind_group(fd.get(), limits::answer_group,
                       limits::answer_packet_max_bytes);
  if (error == 0)
    return fd;
  // Of a group that another socket has the kernel says EPERM.
  const bool taken = error == EPERM || error == EBUSY;
  return nflog_fault{taken ? "another process reads the NFLOG groups "
                                 + std::to_string(limits::block_group) + " and "
                                 + std::to_string(limits::answer_group)
                           : "NFLOG cannot be used: " + error_text(error),
                     taken};
}

} // namespace clearance::services
