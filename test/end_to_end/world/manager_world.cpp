#include "test/end_to_end/world/manager_world.hpp"

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/skip.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <system_error>
#include <unistd.h>

namespace clearance::test {

namespace fs = std::filesystem;

namespace {

/// A uid that belongs to no user, as long as /etc/passwd does not name it.
constexpr uid_t tester = 54321;

constexpr auto manager_program = "/usr/lib/systemd/systemd";

const std::array programs{
    manager_program,      "/usr/lib/systemd/systemd-journald",
    "/usr/bin/systemctl", "/usr/bin/journalctl",
    "/usr/bin/setpriv",   "/usr/bin/unshare",
    "/usr/bin/nsenter",
};

/// The control group of this process. Empty: there is none.
fs::path own_cgroup() {
  fs::path root;
  for (auto path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs info {};
    if (::statfs(path, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC)
      root = path;
  }
  std::ifstream in{"/proc/self/cgroup"};
  for (std::string line; !root.empty() && std::getline(in, line);)
    if (line.starts_with("0::/"))
      return root / line.substr(4);
  return {};
}

void give(const fs::path& path) {
  if (::lchown(path.c_str(), tester, tester) != 0)
    fail_with_errno("chown " + path.string());
}

void replace_all(std::string& text, std::string_view from,
                 std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
}

// Removes inner groups first. A group exists until its last process has ended.
void remove_cgroup(const fs::path& path) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (entry.is_directory(error))
      remove_cgroup(entry.path());
  const deadline guard;
  while (::rmdir(path.c_str()) != 0 && errno == EBUSY)
    guard.pace("the end of " + path.string());
}

} // namespace

manager_world::manager_world() : told_("@" + dir_.path().string()) {
  // nop
}

std::unique_ptr<manager_world> manager_world::make(home_is what) {
  std::unique_ptr<manager_world> result{new manager_world};
  auto why = result->begin(what);
  if (why.empty())
    return result;
  skipped(why);
  return nullptr;
}

manager_world::~manager_world() {
  world_.reset();
  if (!cgroup_.empty())
    remove_cgroup(cgroup_);
}

// -- its beginning ------------------------------------------------------------

std::string manager_world::begin(home_is what) {
  if (TEST_LIBSYSTEMD == 0)
    return "built without libsystemd";
  if (::getuid() != 0)
    return "needs root";
  for (const auto* program : programs)
    if (::access(program, X_OK) != 0)
      return std::string("there is no ") + program;
  const auto cgroup = own_cgroup();
  if (cgroup.empty())
    return "there are no control groups of version 2";
  const auto mine = cgroup / ("terok-test-" + std::to_string(::getpid()));
  if (::mkdir(mine.c_str(), 0755) != 0)
    return std::string("cannot make a control group: ") + std::strerror(errno);
  cgroup_ = mine;
  // The manager sees only what is in this directory.
  fs::permissions(dir_.path(), fs::perms(0755));
  for (auto name : {"run", "home", "journal", "bin"}) {
    fs::create_directory(dir_ / name);
    if (std::string_view{name} != "journal")
      give(dir_ / name);
  }
  fs::permissions(run_dir(), fs::perms::owner_all);
  for (const fs::path program :
       {TEST_TEROK_CLEARANCE, TEST_TEROK_GATE, TEST_TEROK_SUPERVISOR})
    fs::copy_file(program, dir_ / "bin" / program.filename());
  install_units();
  return await_ready(what);
}

void manager_world::install_units() {
  const auto to = home() / ".config/systemd/user";
  for (const auto& entry : fs::directory_iterator(TEST_UNITS)) {
    const auto name = entry.path().filename();
    if (!name.string().starts_with("clearance-"))
      continue;
    auto text = read_file(entry.path());
    replace_all(text, TEST_UNITS_BINDIR "/", "/run/terok/bin/");
    write(to / name, text);
  }
  // The user's session bus is not needed here.
  fs::create_symlink("/dev/null", to / "dbus.socket");
}

std::string manager_world::await_ready(home_is what) {
  const auto go = dir_ / "go";
  if (::mkfifo(go.c_str(), 0600) != 0)
    fail_with_errno("mkfifo");
  child_options options;
  options.argv = {"/bin/bash",
                  "-c",
                  "exec \"$0\" \"$@\" <" + go.string(),
                  TEST_SYSTEMD_WORLD,
                  dir_.path(),
                  cgroup_,
                  std::to_string(tester),
                  told_.address(),
                  what == home_is::a_link ? "linked" : "plain"};
  world_.emplace(std::move(options));
  // Opened for reading and writing, so that open() does not wait for the other
  // side.
  const unique_fd go_on{::open(go.c_str(), O_RDWR | O_CLOEXEC)};
  const deadline guard;
  for (int ready = 0; ready < 2;) {
    if (!told_.has_more()) {
      if (!world_->running()) {
        auto why = world_->err();
        std::replace(why.begin(), why.end(), '\n', ' ');
        return "no manager runs here: " + why;
      }
      guard.pace("a user manager; it says:\n" + world_->err(),
                 {told_.fd(), world_->pidfd()});
      continue;
    }
    if (told_.next().find("READY=1") == std::string::npos)
      continue;
    if (++ready == 1 && ::write(go_on.get(), "\n", 1) != 1)
      fail_with_errno("write");
  }
  return {};
}

// -- what can be done in it ---------------------------------------------------

void manager_world::write(const fs::path& path, std::string_view bytes) const {
  for (auto at = home();
       const auto& part : path.parent_path().lexically_relative(home())) {
    at /= part;
    if (fs::create_directory(at))
      give(at);
  }
  write_file(path, bytes);
  give(path);
}

void manager_world::drop_in(const std::string& unit, std::string_view text) {
  write(home() / ".config/systemd/user" / (unit + ".d") / "test.conf", text);
  systemctl({"daemon-reload"});
}

child_options manager_world::as_user(std::vector<std::string> argv,
                                     bool sees_processes) const {
  child_options result;
  // The process that unshare started.
  const auto first = descendants(world_->pid()).at(0);
  const auto id = std::to_string(tester);
  result.argv = {"/usr/bin/nsenter", "--target", std::to_string(first),
                 "--mount", "--wd=/"};
  if (sees_processes)
    result.argv.emplace_back("--pid");
  result.argv.insert(result.argv.end(), {"/usr/bin/setpriv", "--reuid", id,
                                         "--regid", id, "--clear-groups"});
  result.argv.insert(result.argv.end(), argv.begin(), argv.end());
  result.environment = {{"XDG_RUNTIME_DIR", user_run},
                        {"HOME", user_home},
                        {"XDG_CONFIG_HOME", ""},
                        {"DBUS_SESSION_BUS_ADDRESS", ""},
                        {"SYSTEMD_PAGER", ""}};
  return result;
}

std::vector<std::string>
manager_world::ours(std::vector<std::string> words) const {
  words.insert(words.begin(), "/run/terok/bin/terok-clearance");
  return words;
}

std::string manager_world::run(std::vector<std::string> argv) const {
  child process{as_user(argv)};
  if (const auto end = process.wait(); end != exited(0)) {
    std::string words;
    for (const auto& x : argv)
      words += x + ' ';
    throw std::runtime_error(words + "ended with " + to_string(end) + ":\n"
                             + process.out() + process.err());
  }
  return process.out();
}

std::string manager_world::systemctl(std::vector<std::string> words) const {
  words.insert(words.begin(), {"/usr/bin/systemctl", "--user"});
  return run(std::move(words));
}

std::string manager_world::property(const std::string& unit,
                                    const std::string& name) const {
  auto result = systemctl({"show", "--value", "-p", name, unit});
  result.resize(result.find_last_not_of('\n') + 1);
  return result;
}

void manager_world::await_property(const std::string& unit,
                                   const std::string& name,
                                   std::string_view value) const {
  const deadline guard;
  for (auto now = property(unit, name); now != value;
       now = property(unit, name))
    guard.pace(name + " of " + unit + " to be " + std::string(value) + ", not "
               + now);
}

std::vector<pid_t> manager_world::processes(const std::string& unit) const {
  const auto group = property(unit, "ControlGroup");
  if (group.empty()) // the process has ended
    return {};
  std::ifstream in{cgroup_ / group.substr(1) / "cgroup.procs"};
  return {std::istream_iterator<pid_t>{in}, {}};
}

child manager_world::journal(std::vector<std::string> matches) const {
  child_options result;
  result.argv = {"/usr/bin/journalctl",
                 "--directory=" + (dir_ / "journal").string(), "--follow",
                 "--lines=all", "--output=json"};
  result.argv.insert(result.argv.end(), matches.begin(), matches.end());
  return child{std::move(result)};
}

} // namespace clearance::test
