#include "services/guard/private_link.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/guard/nflog.hpp"
#include "protocol/guard/target.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/process/setup_fault.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace clearance::services {

namespace {

constexpr auto outer_device = "terok0";
constexpr auto inner_device = "eth0";

// Addresses for documentation: nobody else has them. Source: RFC 5737, RFC
// 3849.
constexpr std::string_view outer_v4 = "192.0.2.1";
constexpr std::string_view inner_v4 = "192.0.2.2";
constexpr std::string_view outer_v6 = "2001:db8:3::1";
constexpr std::string_view inner_v6 = "2001:db8:3::2";
constexpr std::uint8_t bits_v4 = 24;
constexpr std::uint8_t bits_v6 = 64;

template <class T>
std::string_view bytes_of(const T& x) {
  return {reinterpret_cast<const char*>(&x), sizeof x};
}

// The bytes of an address as the kernel has it.
std::string wire_bytes(std::string_view text) {
  const auto x = protocol::parse_ip_address(text).value();
  const auto* begin = reinterpret_cast<const char*>(x.bytes.data());
  return x.is_ipv4() ? std::string(begin + 12, 4) : std::string(begin, 16);
}

// One request. An attribute may hold others: what is put in between begin()
// and end().
class rtnetlink_request {
public:
  template <class Head>
  rtnetlink_request(std::uint16_t type, std::uint16_t flags, const Head& head) {
    nlmsghdr x{};
    x.nlmsg_type = type;
    x.nlmsg_flags =
        static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(bytes_of(x));
    append(bytes_of(head));
  }

  void put(std::uint16_t type, std::string_view value) {
    const auto at = begin(type);
    append(value);
    end(at);
  }

  std::size_t begin(std::uint16_t type) {
    rtattr x{};
    x.rta_type = type;
    const auto at = bytes_.size();
    append(bytes_of(x));
    return at;
  }

  void end(std::size_t at) {
    const auto size = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
    append({});
  }

  void append(std::string_view more) {
    bytes_ += more;
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }

  /// 0, or an errno value.
  int send() {
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);
    const io::unique_fd fd{
        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
    if (!fd || ::send(fd.get(), bytes_.data(), bytes_.size(), 0) < 0)
      return errno;
    std::array<char, 8192> answer{};
    const auto n = ::recv(fd.get(), answer.data(), answer.size(), 0);
    if (n < 0)
      return errno;
    // The answer to a request is the same for all parts of netlink.
    protocol::nflog_datagram datagram{
        {answer.data(), static_cast<std::size_t>(n)}};
    const auto x = datagram.next();
    return x && x->what == protocol::nflog_message::kind::answer
               ? x->answer.error
               : EPROTO;
  }

private:
  std::string bytes_;
};

int make_devices(int inner_namespace) {
  rtnetlink_request x(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  x.put(IFLA_IFNAME, outer_device);
  const auto info = x.begin(IFLA_LINKINFO);
  x.put(IFLA_INFO_KIND, "veth");
  const auto data = x.begin(IFLA_INFO_DATA);
  const auto peer = x.begin(VETH_INFO_PEER);
  x.append(bytes_of(ifinfomsg{}));
  x.put(IFLA_IFNAME, inner_device);
  x.put(IFLA_NET_NS_FD, bytes_of(inner_namespace));
  x.end(peer);
  x.end(data);
  x.end(info);
  return x.send();
}

// One that was killed may be there still: the kernel takes its devices away
// some time after the end of its last process.
int make_devices_in_time(int inner_namespace) {
  constexpr auto pause = std::chrono::milliseconds{5};
  for (auto left = protocol::guard_limits::private_link_wait;; left -= pause) {
    const int error = make_devices(inner_namespace);
    if (error != EEXIST || left <= pause)
      return error;
    ::poll(nullptr, 0, static_cast<int>(pause.count()));
  }
}

// By its number: another container may have a device of this name by now.
int remove_device(int device) {
  ifinfomsg head{};
  head.ifi_index = device;
  return rtnetlink_request(RTM_DELLINK, 0, head).send();
}

int add_address(unsigned device, std::string_view text) {
  const auto address = wire_bytes(text);
  const bool v6 = address.size() == 16;
  ifaddrmsg head{};
  head.ifa_family = v6 ? AF_INET6 : AF_INET;
  head.ifa_prefixlen = v6 ? bits_v6 : bits_v4;
  head.ifa_flags = v6 ? IFA_F_NODAD : 0;
  head.ifa_index = device;
  rtnetlink_request x(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, head);
  x.put(IFA_LOCAL, address);
  x.put(IFA_ADDRESS, address);
  return x.send();
}

int add_default_route(std::string_view gateway) {
  const auto address = wire_bytes(gateway);
  rtmsg head{};
  head.rtm_family = address.size() == 16 ? AF_INET6 : AF_INET;
  head.rtm_table = RT_TABLE_MAIN;
  head.rtm_protocol = RTPROT_STATIC;
  head.rtm_scope = RT_SCOPE_UNIVERSE;
  head.rtm_type = RTN_UNICAST;
  rtnetlink_request x(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, head);
  x.put(RTA_GATEWAY, address);
  return x.send();
}

int bring_up(unsigned device) {
  ifinfomsg head{};
  head.ifi_index = static_cast<int>(device);
  head.ifi_flags = IFF_UP;
  head.ifi_change = IFF_UP;
  return rtnetlink_request(RTM_NEWLINK, 0, head).send();
}

// A kernel without IPv6 has no addresses of it.
bool is_without_ipv6(int error) {
  return error == EOPNOTSUPP || error == EACCES;
}

[[noreturn]] void fail_link(const char* what, const std::string& why) {
  throw setup_fault(exit_run_failed, std::string{what} + ": " + why);
}

void expect_done(const char* what, int error) {
  if (error == EEXIST)
    fail_link(what, error_text(error)
                        + " (another container is connected to this namespace"
                          " already)");
  if (error != 0)
    fail_link(what, error_text(error));
}

// Addresses and state of the device in the namespace that this process is in.
int set_up(const char* name, std::string_view v4, std::string_view v6) {
  const auto device = ::if_nametoindex(name);
  if (device == 0)
    return errno;
  if (const int error = add_address(device, v4); error != 0)
    return error;
  if (const int error = add_address(device, v6);
      error != 0 && !is_without_ipv6(error))
    return error;
  return bring_up(device);
}

int add_routes() {
  if (const int error = add_default_route(outer_v4); error != 0)
    return error;
  const int error = add_default_route(outer_v6);
  return is_without_ipv6(error) || error == ENETUNREACH ? 0 : error;
}

// Works in the namespace of the neighbour, and from there in the inner one.
// Returns the number of the outer device.
int join(const guarded_process& inner) {
  constexpr auto* outside = "the namespace cannot be connected";
  constexpr auto* inside = "the container cannot be connected";
  expect_done(outside, make_devices_in_time(inner.net.get()));
  expect_done(outside, set_up(outer_device, outer_v4, outer_v6));
  const auto device = static_cast<int>(::if_nametoindex(outer_device));
  if (auto why = enter_namespaces(inner); !why.empty())
    fail_link(inside, why);
  expect_done(inside, set_up(inner_device, inner_v4, inner_v6));
  expect_done(inside, add_routes());
  return device;
}

} // namespace

private_link::private_link(const guarded_process& inner,
                           const guarded_process& neighbour)
    : neighbour_(&neighbour) {
  const auto made = work_in_namespaces(neighbour, [&]() -> work_result {
    return {{}, {}, join(inner)};
  });
  if (!made.fault.empty())
    throw setup_fault(exit_run_failed, made.fault);
  device_ = made.number;
}

private_link::~private_link() {
  if (::fork() != 0)
    return;
  // Whoever reads our stderr up to its end does not wait for this process.
  ::close_range(STDIN_FILENO, STDERR_FILENO, 0);
  if (enter_namespaces(*neighbour_).empty())
    remove_device(device_); // if it is there still
  ::_exit(0);
}

} // namespace clearance::services
