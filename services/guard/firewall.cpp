#include "services/guard/firewall.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/guard/nflog.hpp"
#include "protocol/guard/rules.hpp"
#include "protocol/guard/set_change.hpp"
#include "services/client/unix_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <dlfcn.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <optional>
#include <string_view>
#include <sys/random.h>
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

// libnftables is loaded when it is needed. A verdict about an address does not
// need it, and loading it with all that it needs takes longer than the verdict.
struct nft_library {
  decltype(&nft_ctx_new) make_context = nullptr;
  decltype(&nft_ctx_free) free_context = nullptr;
  decltype(&nft_ctx_buffer_error) buffer_errors = nullptr;
  decltype(&nft_ctx_get_error_buffer) errors_of = nullptr;
  decltype(&nft_run_cmd_from_buffer) run = nullptr;
  std::string fault; // empty: all of them can be called
};

// The version of the interface that the header is about.
constexpr const char* library_name = "libnftables.so.1";

template <class Function>
void find_function(void* library, const char* name, Function& to) {
  to = reinterpret_cast<Function>(::dlsym(library, name));
}

nft_library load_nftables() {
  nft_library x;
  auto* library = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) {
    find_function(library, "nft_ctx_new", x.make_context);
    find_function(library, "nft_ctx_free", x.free_context);
    find_function(library, "nft_ctx_buffer_error", x.buffer_errors);
    find_function(library, "nft_ctx_get_error_buffer", x.errors_of);
    find_function(library, "nft_run_cmd_from_buffer", x.run);
  }
  if (x.make_context == nullptr || x.free_context == nullptr
      || x.buffer_errors == nullptr || x.errors_of == nullptr
      || x.run == nullptr) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    const char* why = ::dlerror();
    x.fault = std::string{"libnftables cannot be used, install the package"
                          " libnftables1: "}
              + (why == nullptr ? "a function is missing" : why);
  }
  return x;
}

const nft_library& nftables() {
  static const auto library = load_nftables();
  return library;
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
int ask(int fd, const std::string& request) {
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
    if (const int error = ask(fd, protocol::nflog_request(group, what, value));
        error != 0)
      return error;
  return 0;
}

} // namespace

firewall::firewall() {
  if (nftables().fault.empty())
    context_.reset(nftables().make_context(NFT_CTX_DEFAULT));
}

void firewall::release::operator()(nft_ctx* x) const noexcept {
  nftables().free_context(x);
}

std::string firewall::change(const std::string& commands) {
  const auto& library = nftables();
  if (!context_)
    return library.fault.empty() ? "libnftables cannot be used" : library.fault;
  library.buffer_errors(context_.get());
  if (library.run(context_.get(), commands.c_str()) == 0)
    return {};
  return "the firewall did not change: "
         + first_line(library.errors_of(context_.get()));
}

std::string change_firewall(const std::string& commands) {
  return firewall{}.change(commands);
}

std::string print_firewall() {
  firewall rules;
  auto why = rules.change("list table " + std::string{protocol::guard_table});
  // Only with --on-block hold.
  if (why.empty())
    rules.change("list table " + std::string{protocol::hold_table});
  return why;
}

std::optional<std::vector<std::string>> plain_devices() {
  std::vector<std::string> result;
  auto* all = ::if_nameindex();
  bool plain = all != nullptr;
  for (const auto* x = all; plain && x->if_index != 0; ++x) {
    const std::string name = x->if_name;
    if (name == "lo")
      continue;
    plain = protocol::is_plain_device(name);
    result.push_back(name);
  }
  if (all != nullptr)
    ::if_freenameindex(all);
  if (!plain || result.empty())
    return std::nullopt;
  return result;
}

std::string stamp_packets() {
  const auto devices = plain_devices();
  if (!devices)
    return "it has no device whose name can stand in a rule";
  protocol::packet_stamp stamp;
  if (::getrandom(&stamp, sizeof stamp, 0) != sizeof stamp)
    return "no random number: " + error_text(errno);
  return change_firewall(protocol::stamp_text(*devices, stamp));
}

io::unique_fd open_nf_tables() {
  return io::unique_fd{
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)};
}

std::string change_sets(int fd, const std::string& datagram) {
  const int error = fd < 0 ? EBADF : ask(fd, datagram);
  return error == 0 ? std::string{}
                    : "the firewall did not change: " + error_text(error);
}

std::string open_names(int fd, const std::vector<protocol::dns_address>& all) {
  constexpr auto most = limits::transaction_max_elements / 2;
  for (std::size_t i = 0; i < all.size(); i += most) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i);
    const auto count = std::min(most, all.size() - i);
    const auto datagram = protocol::open_named_addresses(
        {begin, begin + static_cast<std::ptrdiff_t>(count)});
    if (datagram.empty())
      continue;
    if (auto why = change_sets(fd, datagram); !why.empty())
      return why;
  }
  return {};
}

std::string judge_addresses(const std::vector<protocol::ip_range>& addresses,
                            bool allow,
                            std::optional<std::chrono::seconds> time) {
  const auto fd = open_nf_tables();
  if (!fd)
    return "the firewall cannot be changed: " + error_text(errno);
  return change_sets(fd.get(),
                     protocol::address_verdict(addresses, allow, time));
}

std::variant<io::unique_fd, nflog_fault> open_nflog(nflog_answers answers) {
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
  else
    answers = nflog_answers::needed;
  if (error == 0 || answers == nflog_answers::if_free)
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
