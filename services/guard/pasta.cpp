#include "services/guard/pasta.hpp"

#include "actors/io/base/small_file.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/routes.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/guard/outside_program.hpp"
#include "services/process/setup_fault.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

constexpr std::size_t words_max_bytes = 1024;

[[noreturn]] void fail_pasta(const std::string& why) {
  throw setup_fault(exit_run_failed, "pasta failed: " + why);
}

// What it wrote last, in one line.
std::string last_line(int err) {
  std::array<char, words_max_bytes> bytes{};
  const auto n = ::pread(err, bytes.data(), bytes.size(), 0);
  std::string_view text(bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  text = text.substr(text.rfind('\n') + 1);
  return text.empty() ? "it does not say why" : protocol::escaped(text);
}

constexpr std::size_t route_list_max_bytes = 1024 * 1024;

std::string route_list(const std::string& process, const char* name) {
  const auto file =
      io::open_regular(AT_FDCWD, "/proc/" + process + "/net/" + name);
  const auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return {};
  auto text = io::read_up_to(opened->fd.get(), route_list_max_bytes);
  auto* list = std::get_if<std::string>(&text);
  return list == nullptr ? std::string{} : std::move(*list);
}

default_routes routes_of(const std::string& process) {
  return {protocol::has_default_route_v4(route_list(process, "route")),
          protocol::has_default_route_v6(route_list(process, "ipv6_route"))};
}

bool has_bytes(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

// Where the processor has AVX2, pasta begins by executing this program, which
// Debian installs beside it. To execute it at once saves the time of a start.
std::string own_variant(const std::string& pasta) {
#ifdef __x86_64__
  auto faster = pasta + ".avx2";
  if (__builtin_cpu_supports("avx2") != 0
      && ::access(faster.c_str(), X_OK) == 0)
    return faster;
#endif
  return pasta;
}

// pasta says little more than that it failed.
void require_tun() {
  constexpr auto* device = "/dev/net/tun";
  const io::unique_fd fd{::open(device, O_RDWR | O_CLOEXEC)};
  if (fd)
    return;
  const int error = errno;
  auto why =
      "pasta needs the device " + std::string{device}
      + " to connect COMMAND, but it cannot be opened: " + error_text(error);
  if (error == ENOENT || error == ENODEV)
    why += ". Load the kernel module tun (modprobe tun)";
  else if (error == EACCES || error == EPERM)
    why += ". Let all users open it, as usual (chmod 666 /dev/net/tun)";
  throw setup_fault(exit_run_failed,
                    why
                        + ". In a container start it with --device "
                          "/dev/net/tun. Or connect COMMAND to a namespace of "
                          "yours (--private)");
}

} // namespace

std::string find_pasta() {
  auto path = find_outside_program("pasta");
  if (path.empty())
    throw setup_fault(exit_run_failed,
                      "pasta is not there: install the package passt, or"
                      " connect COMMAND to a namespace of yours (--private)");
  path = own_variant(path);
  warn_if_replaceable(path);
  return path;
}

pasta_program::pasta_program(const std::string& path, pid_t pid,
                             const std::string& directory)
    : container_(pid),
      pid_file_(directory + "/pasta." + std::to_string(::getpid())),
      changes_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      err_(::memfd_create("pasta's stderr", MFD_CLOEXEC)) {
  require_tun();
  const auto process = "/proc/" + std::to_string(pid) + "/ns/";
  if (!err_ || !changes_
      || ::inotify_add_watch(changes_.get(), directory.c_str(),
                             IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO)
             < 0)
    fail_pasta(error_text(errno));
  ::unlink(pid_file_.c_str());
  helper_spec spec;
  // Without "none" each port of the host's loopback device could be reached.
  spec.words = {path,           "-f",   "-q",   "-P",   pid_file_,
                "--config-net", "-t",   "none", "-u",   "none",
                "-T",           "none", "-U",   "none", "--no-map-gw"};
  if (::getuid() == 0)
    spec.words.insert(spec.words.end(), {"--runas", "0"});
  spec.words.insert(spec.words.end(),
                    {"--userns", process + "user", "--netns", process + "net"});
  spec.err = err_.get();
  program_ = helper_program(spec);
}

pasta_program::~pasta_program() {
  program_.abandon();
  if (!pid_file_.empty())
    ::unlink(pid_file_.c_str());
}

std::string pasta_program::last_words() const {
  return last_line(err_.get());
}

// The container gets the default routes that the machine has, that of IPv6
// last. Nothing is known of a machine that has none.
bool pasta_program::has_routes(const default_routes& own) const {
  const auto inside = routes_of(std::to_string(container_));
  return (own.v4 || own.v6) && (!own.v4 || inside.v4) && (!own.v6 || inside.v6);
}

// pasta writes its pid when it is ready.
void pasta_program::await(int routes, int signals) {
  if (pid_file_.empty())
    return;
  const auto end =
      std::chrono::steady_clock::now() + protocol::guard_limits::pasta_start;
  const auto own = routes_of("self");
  while (!has_bytes(pid_file_) && !has_routes(own)) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      fail_pasta("the network does not come up");
    std::array<pollfd, 4> entries{{{changes_.get(), POLLIN, 0},
                                   {program_.pidfd(), POLLIN, 0},
                                   {routes, POLLIN, 0},
                                   {signals, POLLIN, 0}}};
    if (::poll(entries.data(), entries.size(), static_cast<int>(left.count()))
            < 0
        && errno != EINTR)
      fail_pasta(error_text(errno));
    if (entries[1].revents != 0 && !has_bytes(pid_file_))
      fail_pasta(last_words());
    if (entries[3].revents != 0)
      return;
    alignas(inotify_event) std::array<char, 4096> events{};
    for (const int fd : {changes_.get(), routes})
      while (::read(fd, events.data(), events.size()) > 0) {
        // nop
      }
  }
  changes_.reset();
}

} // namespace clearance::services
