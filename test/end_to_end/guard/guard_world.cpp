#include "test/end_to_end/guard/guard_world.hpp"

#include "test/end_to_end/guard/fake_name_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <time.h>
#include <unistd.h>

namespace clearance::test {

namespace {

// Longer than any answer of a namespace's own kernel takes. It ends only what
// would wait for ever; a test expects an answer.
constexpr int answer_ms = 10'000;

[[noreturn]] void end_world(int channel, const std::string& why) {
  const auto text = "missing: " + why;
  ::send(channel, text.data(), text.size(), MSG_NOSIGNAL);
  ::_exit(1);
}

void write_map(int channel, const char* path, const std::string& text) {
  const unique_fd fd{::open(path, O_WRONLY | O_CLOEXEC)};
  if (::write(fd.get(), text.data(), text.size())
      != static_cast<ssize_t>(text.size()))
    end_world(channel, std::string{path} + ": " + std::strerror(errno));
}

// A user other than 0 loses his capabilities when he executes a program; this
// one is for the program ip.
void keep_net_admin(int channel) {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  const bool read = ::syscall(SYS_capget, &head, sets.data()) == 0;
  sets[0].inheritable |= 1U << CAP_NET_ADMIN;
  if (!read || ::syscall(SYS_capset, &head, sets.data()) != 0
      || ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0)
             != 0)
    end_world(channel, std::string{"capabilities: "} + std::strerror(errno));
}

void enter_user_namespace(int channel, int more) {
  const auto uid = std::to_string(::getuid());
  const auto gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | more) != 0)
    end_world(channel, std::string{"user namespaces: "} + std::strerror(errno));
  write_map(channel, "/proc/self/setgroups", "deny");
  write_map(channel, "/proc/self/uid_map", uid + ' ' + uid + " 1");
  write_map(channel, "/proc/self/gid_map", gid + ' ' + gid + " 1");
  keep_net_admin(channel);
}

void shell(int channel, const std::string& commands) {
  // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe)
  if (std::system(("set -e; PATH=$PATH:/usr/sbin:/sbin; " + commands
                   + " >/dev/null 2>&1")
                      .c_str())
      != 0)
    end_world(channel, "the program ip, veth or IPv6");
}

// An IPv4 or IPv6 address with the port 443.
struct endpoint {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  bool is_v6 = false;

  explicit endpoint(const std::string& text) : is_v6(text.find(':') < 40) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(443);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(443);
    if (is_v6)
      ::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr);
    else
      ::inet_pton(AF_INET, text.c_str(), &v4.sin_addr);
  }

  const sockaddr* address() const {
    return is_v6 ? reinterpret_cast<const sockaddr*>(&v6)
                 : reinterpret_cast<const sockaddr*>(&v4);
  }
  socklen_t size() const { return is_v6 ? sizeof v6 : sizeof v4; }
  int family() const { return is_v6 ? AF_INET6 : AF_INET; }
};

std::string connect_outcome(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  if (::poll(&entry, 1, answer_ms) <= 0)
    return "nothing";
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? "connected" : std::strerror(error);
}

// One connection that stays open, for "open" and "say".
unique_fd kept;

std::string open_tcp(const std::string& to, unique_fd& fd) {
  const endpoint x(to);
  fd = unique_fd{
      ::socket(x.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (::connect(fd.get(), x.address(), x.size()) != 0 && errno != EINPROGRESS)
    return std::strerror(errno);
  return connect_outcome(fd.get());
}

// What a datagram to a closed or blocked place leads to.
std::string send_udp(const std::string& to) {
  const endpoint x(to);
  const unique_fd fd{::socket(x.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), x.address(), x.size()) != 0
      || ::send(fd.get(), "x", 1, MSG_NOSIGNAL) != 1)
    return std::strerror(errno);
  return "sent";
}

std::string say_on_kept() {
  if (::send(kept.get(), "x", 1, MSG_NOSIGNAL) != 1)
    return std::strerror(errno);
  pollfd entry{kept.get(), POLLIN, 0};
  if (::poll(&entry, 1, answer_ms) <= 0)
    return "nothing";
  char byte = 0;
  const auto n = ::recv(kept.get(), &byte, 1, 0);
  return n == 1 ? "echoed" : n == 0 ? "closed" : std::strerror(errno);
}

// Sends one datagram to each of 20 000 addresses, faster than all of them can
// be told.
std::string spread() {
  const unique_fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(443);
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    to.sin_addr.s_addr = htonl(0x0a0a0000 + i); // 10.10.0.0 and so on
    ::sendto(fd.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  return "sent";
}

// Asks the name server for the address of NAME, as a container's program does,
// and answers it.
std::string look_up(const std::string& name) {
  const unique_fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  ::inet_pton(AF_INET, "203.0.113.53", &to.sin_addr);
  std::string query("\0\1\1\0\0\1\0\0\0\0\0\0", 12); // recursion, a question
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    query += static_cast<char>(end - at) + name.substr(at, end - at);
    at = end + 1;
  }
  query += std::string("\0\0\1\0\1", 5); // the root; type A, internet
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to)
          != 0
      || ::send(fd.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0)
    return std::strerror(errno);
  pollfd entry{fd.get(), POLLIN, 0};
  if (::poll(&entry, 1, answer_ms) <= 0)
    return "nothing";
  std::array<char, 1500> bytes{};
  const auto n = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
  if (n < 4)
    return "no answer";
  std::array<char, INET_ADDRSTRLEN> text{}; // its last bytes are the address
  ::inet_ntop(AF_INET, bytes.data() + n - 4, text.data(), text.size());
  return text.data();
}

// Sends datagrams to 200 addresses in turn for a second, as fast as the kernel
// takes them. Answers how many, and the nanoseconds of processor time of all.
std::string flood() {
  using std::chrono::steady_clock;
  const unique_fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(443);
  const auto end = steady_clock::now() + std::chrono::seconds{1};
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::uint32_t count = 0;
  while (steady_clock::now() < end)
    for (std::uint32_t i = 0; i < 200; ++i, ++count) {
      to.sin_addr.s_addr = htonl(0x0a090001 + i); // 10.9.0.1 and so on
      ::sendto(fd.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const auto ns = (after.tv_sec - before.tv_sec) * 1'000'000'000LL
                  + after.tv_nsec - before.tv_nsec;
  return std::to_string(count) + ' ' + std::to_string(ns);
}

std::string obey(const std::string& what) {
  const auto space = what.find(' ');
  const auto verb = what.substr(0, space);
  const auto to = space == std::string::npos ? "" : what.substr(space + 1);
  unique_fd fd;
  if (verb == "tcp")
    return open_tcp(to, fd);
  if (verb == "open")
    return open_tcp(to, kept);
  if (verb == "udp")
    return send_udp(to);
  if (verb == "flood")
    return flood();
  if (verb == "spread")
    return spread();
  if (verb == "name")
    return look_up(to);
  return say_on_kept();
}

[[noreturn]] void be_container(int channel, int internet) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::array<char, 256> bytes{};
  if (::unshare(CLONE_NEWNET) != 0)
    end_world(channel, "network namespaces");
  ::send(internet, "move", 4, MSG_NOSIGNAL);
  if (::recv(internet, bytes.data(), bytes.size(), 0) <= 0)
    ::_exit(1);
  shell(channel, "{ ip link set lo up;"
                 " ip addr add 198.51.100.2/24 dev eth0;"
                 " ip addr add 2001:db8:2::2/64 dev eth0 nodad;"
                 " ip link set eth0 up;"
                 " ip route add default via 198.51.100.1;"
                 " ip -6 route add default via 2001:db8:2::1; }");
  enter_user_namespace(channel, 0);
  const auto ready = "ready " + std::to_string(::getpid());
  ::send(channel, ready.data(), ready.size(), MSG_NOSIGNAL);
  for (;;) {
    const auto n = ::recv(channel, bytes.data(), bytes.size(), 0);
    if (n <= 0)
      ::_exit(0);
    const auto answer =
        obey(std::string(bytes.data(), static_cast<std::size_t>(n)));
    ::send(channel, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

unique_fd listen_everywhere(int channel) {
  unique_fd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(443);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0
      || ::listen(fd.get(), 64) != 0)
    end_world(channel, std::string{"a server: "} + std::strerror(errno));
  return fd;
}

unique_fd listen_dns(int channel, int type) {
  unique_fd fd{::socket(AF_INET, type | SOCK_CLOEXEC, 0)};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(53);
  ::inet_pton(AF_INET, "203.0.113.53", &at.sin_addr);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    end_world(channel, std::string{"port 53: "} + std::strerror(errno));
  if (type == SOCK_STREAM)
    ::listen(fd.get(), 16);
  return fd;
}

// Accepts for ever and sends back what it reads; resolves names.
[[noreturn]] void serve_echo(int listener, int dns, int dns_stream) {
  fake_name_server server;
  std::vector<pollfd> all{
      {listener, POLLIN, 0}, {dns, POLLIN, 0}, {dns_stream, POLLIN, 0}};
  for (;;) {
    ::poll(all.data(), all.size(), -1);
    if (all[1].revents != 0)
      server.serve_datagram(dns);
    if (all[2].revents != 0)
      server.serve_stream(dns_stream);
    for (std::size_t i = all.size() - 1; i > 2; --i) {
      char byte = 0;
      if (all[i].revents == 0)
        continue;
      if (::recv(all[i].fd, &byte, 1, 0) == 1) {
        ::send(all[i].fd, &byte, 1, MSG_NOSIGNAL);
      } else {
        ::close(all[i].fd);
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if (all[0].revents != 0)
      if (const int fd = ::accept(listener, nullptr, nullptr); fd >= 0)
        all.push_back({fd, POLLIN, 0});
  }
}

// Nobody has this number.
constexpr uid_t plain_user = 64123;

void become_plain_user(int channel) {
  if (::setgroups(0, nullptr) != 0
      || ::setresgid(plain_user, plain_user, plain_user) != 0
      || ::setresuid(plain_user, plain_user, plain_user) != 0
      || ::prctl(PR_SET_DUMPABLE, 1) != 0)
    end_world(channel, std::string{"another user: "} + std::strerror(errno));
}

// What the tests start, in a directory that everybody can read.
std::string copy_of(const std::filesystem::path& program) {
  static const temp_dir directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms{0755});
  auto result = directory.path() / program.filename();
  if (!std::filesystem::exists(result))
    std::filesystem::copy_file(program, result);
  return result.string();
}

[[noreturn]] void be_internet(int channel, bool other_user) {
  if (other_user)
    become_plain_user(channel);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  enter_user_namespace(channel, CLONE_NEWNET);
  shell(channel, "{ ip link set lo up;"
                 " ip link add dn type veth peer name eth0;"
                 " ip route add local 203.0.113.0/24 dev lo;"
                 " ip -6 route add local 2001:db8:1::/64 dev lo;"
                 " ip addr add 198.51.100.1/24 dev dn;"
                 " ip addr add 2001:db8:2::1/64 dev dn nodad; }");
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    ::_exit(1);
  const auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    be_container(channel, ends[1]);
  }
  std::array<char, 16> bytes{};
  ::close(ends[1]);
  if (::recv(ends[0], bytes.data(), bytes.size(), 0) <= 0)
    ::_exit(1);
  shell(channel, "{ ip link set eth0 netns " + std::to_string(child)
                     + "; ip link set dn up; }");
  const auto listener = listen_everywhere(channel);
  const auto dns = listen_dns(channel, SOCK_DGRAM);
  const auto dns_stream = listen_dns(channel, SOCK_STREAM);
  ::send(ends[0], "go", 2, MSG_NOSIGNAL);
  ::close(channel);
  ::signal(SIGCHLD, SIG_IGN);
  serve_echo(listener.get(), dns.get(), dns_stream.get());
}

} // namespace

guard_world::guard_world(user whose)
    : other_user_(whose == user::plain && ::getuid() == 0) {
  give(runtime());
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    fail_with_errno("socketpair");
  channel_ = unique_fd{ends[0]};
  internet_ = ::fork();
  if (internet_ == 0) {
    ::close(ends[0]);
    be_internet(ends[1], other_user_);
  }
  ::close(ends[1]);
  std::array<char, 256> bytes{};
  const auto n = ::recv(channel_.get(), bytes.data(), bytes.size(), 0);
  const std::string said(bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  if (said.starts_with("ready "))
    container_ = std::stoi(said.substr(6));
  else
    missing_ = said.empty() ? "the world did not come up" : said;
}

guard_world::~guard_world() {
  channel_.reset();
  if (internet_ > 0) {
    ::kill(internet_, SIGKILL); // the container goes with it
    ::waitpid(internet_, nullptr, 0);
  }
}

std::string guard_world::ask(const std::string& what) {
  ::send(channel_.get(), what.data(), what.size(), MSG_NOSIGNAL);
  std::array<char, 256> bytes{};
  deadline{}.await(channel_.get(), POLLIN, "the container's answer");
  const auto n = ::recv(channel_.get(), bytes.data(), bytes.size(), 0);
  return {bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

void guard_world::end_container() {
  ::kill(container_, SIGKILL);
}

child guard_world::start(std::vector<std::string> words) const {
  return start_program("terok-guard", std::move(words));
}

std::string guard_world::program(const std::string& name) const {
  for (const std::filesystem::path path :
       {TEST_TEROK_GUARD, TEST_TEROK_CLEARANCE, TEST_GUARD_PROBE})
    if (path.filename() == name)
      return other_user_ ? copy_of(path) : path.string();
  throw std::logic_error(name + " is no program of these tests");
}

void guard_world::give(const std::string& path) const {
  if (other_user_ && ::chown(path.c_str(), plain_user, plain_user) != 0)
    fail_with_errno("chown " + path);
}

child guard_world::start_program(const std::string& name,
                                 std::vector<std::string> words,
                                 std::vector<std::string> before,
                                 const std::string& working_directory) const {
  words.insert(words.begin(), program(name));
  words.insert(words.begin(), before.begin(), before.end());
  if (other_user_) {
    const auto number = std::to_string(plain_user);
    const std::vector<std::string> become{
        "/usr/bin/setpriv", "--reuid=" + number, "--regid=" + number,
        "--clear-groups", "--inh-caps=-all"};
    words.insert(words.begin(), become.begin(), become.end());
  }
  child_options options;
  options.argv = std::move(words);
  options.environment = {{"XDG_RUNTIME_DIR", runtime()}};
  if (other_user_) // he may not enter the directories of root's PATH
    options.environment.emplace_back("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
  options.working_directory = working_directory;
  return child{std::move(options)};
}

child guard_world::attach(std::vector<std::string> more) const {
  std::vector<std::string> words{"attach", "--pid", std::to_string(container_),
                                 "--container", "c1"};
  words.insert(words.end(), more.begin(), more.end());
  if (more.empty())
    words.insert(words.end(), {"--emit", "json"});
  auto guard = start(std::move(words));
  guard.await_err("guarding the container c1");
  return guard;
}

guard_world::result guard_world::run(std::vector<std::string> words) const {
  auto program = start(std::move(words));
  const auto end = program.wait();
  return {end.exit_code.value_or(-1), program.out(), program.err()};
}

} // namespace clearance::test
