// Landlock without a library: three system calls. A right that a ruleset does
// not handle is allowed everywhere. So the ruleset handles all rights that the
// kernel's ABI number promises; newer rights than those listed here stay
// allowed.
//
//   ABI 1 (Linux 5.13)  the first thirteen
//   ABI 2 (5.19)        REFER; without it files cannot be moved between
//                       directories and every push fails: unsupported
//   ABI 3 (6.2)         TRUNCATE
//   ABI 4 (6.7)         CONNECT_TCP: our programs never connect over TCP
//   ABI 5 (6.10)        IOCTL_DEV
//   ABI 6 (6.12)        abstract unix sockets and signals to processes outside
//                       of the sandbox: our programs need neither

#include "services/sandbox/landlock.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "services/sandbox/new_privileges.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace clearance::services {

namespace {

using rights = std::uint64_t;

// Debian 12's header does not define it.
constexpr rights truncate_file = 1ULL << 14;
constexpr rights ioctl_device = 1ULL << 15;
constexpr rights connect_tcp = 1ULL << 1;
constexpr rights scoped_sockets = 1ULL << 0;
constexpr rights scoped_signals = 1ULL << 1;

// The kernel's structure as of ABI 6. An older kernel accepts it if the members
// that it does not know are 0.
struct ruleset_attributes {
  rights files = 0;
  rights network = 0;
  rights scoped = 0;
};

constexpr rights of_files =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE
    | LANDLOCK_ACCESS_FS_READ_FILE | truncate_file | ioctl_device;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The rights that a kernel of this ABI handles. 0: the kernel is too old.
rights handled_by(long abi) {
  if (abi < 2)
    return 0;
  rights result = (LANDLOCK_ACCESS_FS_REFER << 1U) - 1;
  if (abi >= 3)
    result |= truncate_file;
  if (abi >= 5)
    result |= ioctl_device;
  return result;
}

ruleset_attributes attributes_of(long abi) {
  ruleset_attributes result;
  result.files = handled_by(abi);
  if (abi >= 4)
    result.network = connect_tcp;
  if (abi >= 6)
    result.scoped = scoped_sockets | scoped_signals;
  return result;
}

rights of(path_access use) {
  constexpr rights read =
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  constexpr rights files = read | LANDLOCK_ACCESS_FS_WRITE_FILE
                           | LANDLOCK_ACCESS_FS_MAKE_REG
                           | LANDLOCK_ACCESS_FS_REMOVE_FILE;
  switch (use) {
  case path_access::read:
    return read;
  case path_access::run:
    return read | LANDLOCK_ACCESS_FS_EXECUTE;
  case path_access::sockets:
    return files | LANDLOCK_ACCESS_FS_MAKE_SOCK;
  case path_access::files:
    return files | truncate_file;
  case path_access::modify:
    return files | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR
           | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER
           | truncate_file;
  case path_access::device:
    return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
  case path_access::discard:
    return LANDLOCK_ACCESS_FS_REMOVE_DIR;
  }
  return 0;
}

void open_path(int ruleset, const path_rule& x, rights handled) {
  const io::unique_fd place{::open(x.path.c_str(), O_PATH | O_CLOEXEC)};
  if (!place) {
    // Without a rule the sandbox forbids the path. Nothing is lost: a path that
    // this process may not enter (as /root/.cargo/bin on the PATH that
    // `su USER -c` leaves) is forbidden to its programs, too.
    if ((errno == ENOENT || errno == EACCES) && !x.needed)
      return;
    fail("cannot open " + x.path);
  }
  struct stat info {};
  if (::fstat(place.get(), &info) != 0)
    fail("cannot examine " + x.path);
  landlock_path_beneath_attr rule{};
  rule.parent_fd = place.get();
  rule.allowed_access = of(x.use) & handled;
  if (!S_ISDIR(info.st_mode))
    rule.allowed_access &= of_files;
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                &rule, 0)
      != 0)
    fail("cannot allow " + x.path);
}

// Newer than the headers. Source: landlock(7), ABI 4.
constexpr int rule_net_port = 2; // LANDLOCK_RULE_NET_PORT
struct net_port_attributes {
  std::uint64_t access = connect_tcp;
  std::uint64_t port = 0;
};

void open_port(int ruleset, std::uint16_t port) {
  const net_port_attributes rule{connect_tcp, port};
  if (::syscall(SYS_landlock_add_rule, ruleset, rule_net_port, &rule, 0) != 0)
    fail("cannot allow TCP port " + std::to_string(port));
}

} // namespace

std::vector<path_rule> system_paths(path_access use) {
  std::vector<path_rule> result;
  for (auto path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
                    "/libx32", "/opt", "/nix/store"})
    result.push_back({path, use});
  for (auto path : {"/etc", "/proc"})
    result.push_back({path, path_access::read});
  return result;
}

file_restriction restrict_files(const std::vector<path_rule>& paths_allowed,
                                std::optional<std::uint16_t> tcp_port) {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0,
                             LANDLOCK_CREATE_RULESET_VERSION);
  const auto attributes = attributes_of(abi);
  if (attributes.files == 0)
    return file_restriction::unsupported;
  const io::unique_fd ruleset{static_cast<int>(::syscall(
      SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0))};
  if (!ruleset)
    fail("cannot create a Landlock ruleset");
  for (const auto& x : paths_allowed)
    open_path(ruleset.get(), x, attributes.files);
  if (tcp_port && attributes.network != 0)
    open_port(ruleset.get(), *tcp_port);
  if (!forbid_new_privileges())
    fail("cannot set no_new_privs");
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    fail("cannot put the process into the Landlock sandbox");
  return file_restriction::in_force;
}

} // namespace clearance::services
