// What a test runs behind a firewall: it opens connections, and it tries to get
// out. It says one line for each try.
//
//   probe tcp ADDRESS            `connected`, or the errno's text
//   probe retry ADDRESS          the same; tries again until it is connected
//   probe name NAME              looks the name up and connects to its address
//   probe named NAME             the same; keeps the address and tries again
//                                until it is connected
//   probe wait                   does nothing
//   probe packets DEVICE         sends two packets past the output hook
//   probe rules TEXT             changes the firewall, as nft does
//   probe unix PATH              connects to a unix socket
//   probe attack GUARD_PID HUB   `NAME: refused (WHY)` or `NAME: BREAK`
//   probe attack-firewall        those of them that need no guard
#include <climits>

#include <arpa/inet.h>
#include <array>
#include <asm/ioctls.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/nsfs.h>
#include <linux/vm_sockets.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace {

int connect_tcp(const std::string& to) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(443);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(443);
  const bool is_v6 = ::inet_pton(AF_INET6, to.c_str(), &v6.sin6_addr) == 1;
  ::inet_pton(AF_INET, to.c_str(), &v4.sin_addr);
  const int fd =
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int failed =
      is_v6 ? ::connect(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof v6)
            : ::connect(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  const int error = failed == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

void tell_connection(const std::string& to, int error) {
  std::printf("%s: %s\n", to.c_str(),
              error == 0 ? "connected" : std::strerror(error));
  std::fflush(stdout);
}

int retry(const std::string& to) {
  int last = -1;
  for (;;) {
    const int error = connect_tcp(to);
    if (error != last)
      tell_connection(to, error);
    if (error == 0)
      return 0;
    last = error;
    ::poll(nullptr, 0, 20);
  }
}

// The first IPv4 address of a name; empty: it has none.
std::string address_of(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0)
    return {};
  std::array<char, INET_ADDRSTRLEN> text{};
  const auto* at = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  ::inet_ntop(AF_INET, &at->sin_addr, text.data(), text.size());
  ::freeaddrinfo(found);
  return text.data();
}

// Runs `f` in a process of its own, because it may change what it is. True: it
// succeeded; else errno is what it left.
bool apart(const std::function<bool()>& f) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    return false;
  const auto child = ::fork();
  if (child == 0) {
    errno = 0;
    const int outcome = f() ? 0 : errno != 0 ? errno : EPERM;
    (void)!::write(ends[1], &outcome, sizeof outcome);
    ::_exit(0);
  }
  ::close(ends[1]);
  int outcome = EIO;
  if (::read(ends[0], &outcome, sizeof outcome) != sizeof outcome)
    outcome = EIO;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  errno = outcome;
  return outcome == 0;
}

void attack(const char* name, const std::function<bool()>& f) {
  const bool broke = apart(f);
  std::printf("%s: %s", name, broke ? "BREAK\n" : "refused (");
  if (!broke)
    std::printf("%s)\n", std::strerror(errno));
  std::fflush(stdout);
}

// An IPv4 packet that no rule of the output hook sees.
void send_packets(const std::string& device) {
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(ETH_P_IP);
  at.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
  at.sll_halen = ETH_ALEN;
  std::array<unsigned char, 20> packet{};
  packet[0] = 0x45; // version and size of the header
  for (const int bypass : {0, 1}) {
    const int fd = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ::setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
    const bool sent =
        ::sendto(fd, packet.data(), packet.size(), 0,
                 reinterpret_cast<const sockaddr*>(&at), sizeof at)
        > 0;
    std::printf("%s\n", sent ? "sent" : std::strerror(errno));
    ::close(fd);
  }
}

bool execute_rules(const std::string& text) {
  auto* context = ::nft_ctx_new(NFT_CTX_DEFAULT);
  ::nft_ctx_buffer_error(context);
  errno = 0;
  return ::nft_run_cmd_from_buffer(context, text.c_str()) == 0;
}

bool change_firewall() {
  return execute_rules("add table inet probe; delete table inet probe");
}

bool make_socket(int family, int type, int protocol) {
  return ::socket(family, type | SOCK_CLOEXEC, protocol) >= 0;
}

bool packet_socket() {
  return make_socket(AF_PACKET, SOCK_RAW, htons(3));
}

void put(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  (void)!::write(fd, text.data(), text.size());
  ::close(fd);
}

// Becomes user 0 of a user namespace, with all capabilities in it.
bool become_root(int more) {
  const auto uid = std::to_string(::getuid());
  const auto gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | more) != 0)
    return false;
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", "0 " + uid + " 1");
  put("/proc/self/gid_map", "0 " + gid + " 1");
  return true;
}

int open_own(const char* what) {
  return ::open((std::string{"/proc/self/ns/"} + what).c_str(),
                O_RDONLY | O_CLOEXEC);
}

bool take_descriptor(pid_t from) {
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, from, 0));
  if (pidfd < 0)
    return false;
  for (int i = 0; i < 32; ++i)
    if (::syscall(SYS_pidfd_getfd, pidfd, i, 0) >= 0)
      return true;
  return false;
}

bool execute_probe(const std::string& path) {
  const auto child = ::fork();
  if (child == 0) {
    ::execl(path.c_str(), path.c_str(), "change-firewall", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  errno = EPERM;
  return status == 0;
}

std::string own_path() {
  std::array<char, PATH_MAX> bytes{};
  const auto n = ::readlink("/proc/self/exe", bytes.data(), bytes.size());
  return {bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

// A file that gives CAP_NET_ADMIN, written by the root of a user namespace.
bool execute_with_file_capability() {
  const auto copy = "/tmp/probe-" + std::to_string(::getpid());
  const auto command = "cp " + own_path() + ' ' + copy;
  // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe)
  if (std::system(command.c_str()) != 0)
    return false;
  const auto child = ::fork();
  if (child == 0) {
    vfs_cap_data x{};
    x.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
    x.data[0].permitted = 1U << CAP_NET_ADMIN;
    const bool done =
        become_root(0)
        && ::setxattr(copy.c_str(), "security.capability", &x, sizeof x, 0)
               == 0;
    ::_exit(done ? 0 : 1);
  }
  ::waitpid(child, nullptr, 0);
  const bool broke = execute_probe(copy);
  ::unlink(copy.c_str());
  return broke;
}

bool connect_unix(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

bool write_sysctl(const char* path) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  return fd >= 0 && ::write(fd, "0", 1) == 1;
}

void attack_firewall() {
  attack("change the firewall", change_firewall);
  attack("packet socket", packet_socket);
  attack("raw socket",
         [] { return make_socket(AF_INET, SOCK_RAW, IPPROTO_RAW); });
  attack("execute again", [] { return execute_probe(own_path()); });
}

void attack_namespaces() {
  attack("new user namespace, then the firewall",
         [] { return become_root(0) && change_firewall(); });
  attack("new user namespace, then a packet socket",
         [] { return become_root(0) && packet_socket(); });
  attack("new network namespace, back, then the firewall", [] {
    const int net = open_own("net");
    return become_root(CLONE_NEWNET) && ::setns(net, CLONE_NEWNET) == 0
           && change_firewall();
  });
  attack("enter the own user namespace",
         [] { return ::setns(open_own("user"), CLONE_NEWUSER) == 0; });
  attack("new user namespace, then enter the old one", [] {
    const int user = open_own("user");
    return become_root(0) && ::setns(user, CLONE_NEWUSER) == 0;
  });
  attack("owner of the network namespace",
         [] { return ::ioctl(open_own("net"), NS_GET_USERNS) >= 0; });
  attack("parent of the user namespace",
         [] { return ::ioctl(open_own("user"), NS_GET_PARENT) >= 0; });
  attack("file capability", execute_with_file_capability);
  attack("sysctl of the network",
         [] { return write_sysctl("/proc/sys/net/ipv4/ip_forward"); });
}

void attack_processes(pid_t guard) {
  attack("signal to the guard", [guard] { return ::kill(guard, 0) == 0; });
  attack("ptrace of the guard", [guard] {
    return ::ptrace(PTRACE_SEIZE, guard, nullptr, nullptr) == 0;
  });
  attack("descriptor of the guard", [guard] { return take_descriptor(guard); });
  attack("root directory of the guard", [guard] {
    const auto path = "/proc/" + std::to_string(guard) + "/root/etc";
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC) >= 0;
  });
  attack("ptrace of the first process",
         [] { return ::ptrace(PTRACE_SEIZE, 1, nullptr, nullptr) == 0; });
  attack("descriptor of the first process", [] { return take_descriptor(1); });
  attack("network namespace of the first process",
         [] { return ::open("/proc/1/ns/user", O_RDONLY | O_CLOEXEC) >= 0; });
  attack("memory of the first process",
         [] { return ::open("/proc/1/mem", O_RDWR | O_CLOEXEC) >= 0; });
}

void attack_hub(const std::string& hub) {
  const auto directory = hub.substr(0, hub.rfind('/'));
  const auto name = hub.substr(hub.rfind('/') + 1);
  attack("connect to the hub", [&hub] { return connect_unix(hub); });
  attack("connect from the working directory",
         [&name] { return connect_unix(name); });
  attack("unmount, then connect to the hub", [&] {
    return ::umount2(directory.c_str(), MNT_DETACH) == 0 && connect_unix(hub);
  });
  attack("new user namespace, unmount, connect to the hub", [&] {
    return become_root(0) && ::umount2(directory.c_str(), MNT_DETACH) == 0
           && connect_unix(hub);
  });
}

void attack_machine() {
  attack("words for the terminal", [] {
    char word = 'x';
    // Without a terminal the kernel would say that there is none.
    return ::ioctl(STDIN_FILENO, TIOCSTI, &word) == 0 || errno != EPERM;
  });
  attack("virtual machine's socket", [] {
    return make_socket(AF_VSOCK, SOCK_STREAM, 0) || errno != EAFNOSUPPORT;
  });
  attack("keys of the session", [] {
    // KEYCTL_GET_KEYRING_ID of KEY_SPEC_SESSION_KEYRING
    return ::syscall(SYS_keyctl, 0, -3, 0) >= 0 || errno != EPERM;
  });
  attack("io_uring", [] {
    std::array<char, 256> parameters{};
    return ::syscall(SYS_io_uring_setup, 4, parameters.data()) >= 0
           || errno != ENOSYS;
  });
}

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const std::string to = argc > 2 ? argv[2] : "";
  if (what == "tcp")
    return tell_connection(to, connect_tcp(to)), 0;
  if (what == "retry")
    return retry(to);
  if (what == "name" || what == "named") {
    const auto address = address_of(to);
    if (address.empty())
      return std::puts("no address"), 1;
    if (what == "named")
      return retry(address);
    return tell_connection(address, connect_tcp(address)), 0;
  }
  if (what == "wait")
    return std::puts("ready"), std::fflush(stdout), ::pause();
  if (what == "packets")
    return send_packets(to), 0;
  if (what == "rules")
    return execute_rules(to) ? 0 : 1;
  if (what == "unix")
    return tell_connection(to, connect_unix(to) ? 0 : errno), 0;
  if (what == "change-firewall")
    return change_firewall() ? 0 : 1;
  attack_firewall();
  if (what == "attack-firewall")
    return 0;
  attack_namespaces();
  attack_processes(std::stoi(to));
  attack_hub(argv[3]);
  attack_machine();
  std::puts("all tried");
  return 0;
}
