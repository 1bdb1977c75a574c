#include "test/support/process/child.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char** environ;

namespace clearance::test {

namespace {

// A hub writes its audit trail to a directory of its own, and reads no policy
// of whoever runs the test, unless the test names a directory.
void name_directory(child_options& options, const std::string& variable,
                    const std::string& path) {
  for (const auto& [name, value] : options.environment)
    if (name == variable)
      return;
  options.environment.emplace_back(variable, path);
}

std::vector<std::string> environment_of(const child_options& options) {
  auto replaced = [&](std::string_view entry) {
    for (const auto& [name, value] : options.environment)
      if (entry.starts_with(name + "="))
        return true;
    return false;
  };
  std::vector<std::string> result;
  for (auto entry = environ; *entry; ++entry)
    if (!replaced(*entry))
      result.emplace_back(*entry);
  for (const auto& [name, value] : options.environment)
    if (!value.empty())
      result.push_back(name + "=" + value);
  return result;
}

// Leaves room for the pid, which only the child knows.
constexpr std::string_view listen_pid = "LISTEN_PID=##########";

void announce_sockets(const child_options& options,
                      std::vector<std::string>& environment) {
  if (options.sockets.empty())
    return;
  std::erase_if(environment,
                [](const auto& x) { return x.starts_with("LISTEN_"); });
  std::string names;
  for (const auto& [name, fd] : options.sockets)
    names += (names.empty() ? "" : ":") + name;
  environment.insert(environment.end(),
                     {std::string(listen_pid),
                      "LISTEN_FDS=" + std::to_string(options.sockets.size()),
                      "LISTEN_FDNAMES=" + names});
}

// Runs between fork and exec, as the functions below.
void write_pid(char** env) {
  constexpr auto before = listen_pid.find('#');
  for (; *env != nullptr; ++env) {
    if (std::strncmp(*env, listen_pid.data(), before) != 0)
      continue;
    // A zero at the front would make the number octal.
    int power = 1;
    while (::getpid() / power >= 10)
      power *= 10;
    char* at = *env + before;
    for (; power > 0; power /= 10)
      *at++ = static_cast<char>('0' + ::getpid() / power % 10);
    *at = '\0';
  }
}

/// Moves them to 3, 4 and so on, without close-on-exec. They may overlap.
bool place_sockets(const std::vector<std::pair<std::string, int>>& sockets) {
  constexpr int out_of_the_way = 100;
  for (std::size_t i = 0; i < sockets.size(); ++i)
    if (::dup2(sockets[i].second, out_of_the_way + static_cast<int>(i)) < 0)
      return false;
  for (std::size_t i = 0; i < sockets.size(); ++i)
    if (::dup2(out_of_the_way + static_cast<int>(i), 3 + static_cast<int>(i))
        < 0)
      return false;
  return true;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

unique_fd open_file(const std::filesystem::path& path, int flags) {
  unique_fd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  if (!fd)
    fail_with_errno("open " + path.string());
  return fd;
}

unique_fd watch(const std::filesystem::path& path) {
  unique_fd fd{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!fd || ::inotify_add_watch(fd.get(), path.c_str(), IN_MODIFY) < 0)
    fail_with_errno("inotify " + path.string());
  return fd;
}

// Runs between fork and exec: only async-signal-safe calls are allowed.
[[noreturn]] void run(const child_options& options, char** argv, char** env,
                      int in, int out, int err, int failure) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t blocked;
  ::sigemptyset(&blocked);
  if (options.has_early_hangup) // it survives the exec
    ::sigaddset(&blocked, SIGHUP);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  ::signal(SIGHUP, SIG_DFL); // whoever starts the tests with nohup ignores it
  if (options.has_early_hangup)
    ::raise(SIGHUP);
  if (options.umask)
    ::umask(*options.umask);
  bool fine = ::dup2(in, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(err, 2) == 2
              && ::chdir(options.working_directory.c_str()) == 0;
  if (fine && options.descriptors) {
    const rlimit limit{options.descriptors->first, options.descriptors->second};
    fine = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }
  if (options.without_standard_descriptors)
    for (int fd = 0; fd <= STDERR_FILENO; ++fd)
      ::close(fd);
  if (!options.sockets.empty()) {
    failure = ::fcntl(failure, F_DUPFD_CLOEXEC, 200); // not below a socket
    fine = fine && place_sockets(options.sockets);
    write_pid(env);
  }
  // The program that started the tests may have left descriptors open. Close
  // them, because tests count descriptors.
  ::close_range(static_cast<unsigned>(3 + options.sockets.size()), ~0U,
                CLOSE_RANGE_CLOEXEC);
  if (fine)
    ::execve(argv[0], argv, env);
  const int why = errno;
  [[maybe_unused]] auto n = ::write(failure, &why, sizeof(why));
  ::_exit(127);
}

} // namespace

std::string to_string(const ending& x) {
  if (x.exit_code)
    return "exit code " + std::to_string(*x.exit_code);
  return "signal " + std::to_string(x.signal.value_or(0));
}

child::child(child_options options) : files_(std::make_unique<temp_dir>()) {
  write_file(*files_ / "in", options.stdin_bytes);
  const auto in = open_file(*files_ / "in", O_RDONLY);
  const auto out = open_file(*files_ / "out", O_WRONLY | O_CREAT | O_APPEND);
  const auto err = open_file(*files_ / "err", O_WRONLY | O_CREAT | O_APPEND);
  out_changes_ = watch(*files_ / "out");
  err_changes_ = watch(*files_ / "err");
  name_directory(options, "XDG_STATE_HOME", *files_ / "state");
  name_directory(options, "XDG_CONFIG_HOME", *files_ / "config");
  auto env = environment_of(options);
  announce_sockets(options, env);
  auto env_pointers = pointers(env);
  auto argv_pointers = pointers(options.argv);
  int failure[2];
  if (::pipe2(failure, O_CLOEXEC) != 0)
    fail_with_errno("pipe2");
  unique_fd failure_in{failure[0]};
  unique_fd failure_out{failure[1]};
  pid_ = ::fork();
  if (pid_ < 0)
    fail_with_errno("fork");
  if (pid_ == 0)
    run(options, argv_pointers.data(), env_pointers.data(), in.get(), out.get(),
        err.get(), failure_out.get());
  pidfd_ = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!pidfd_)
    fail_with_errno("pidfd_open");
  failure_out.reset();
  int why = 0;
  if (::read(failure_in.get(), &why, sizeof(why)) > 0) {
    wait();
    errno = why;
    fail_with_errno("start " + options.argv.front());
  }
}

child::~child() {
  if (!pidfd_ || end_)
    return;
  kill(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool child::running() const {
  pollfd entry{pidfd_.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 0;
}

void child::kill(int signal) const {
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

void child::suspend() const {
  kill(SIGSTOP);
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED) != 0)
    fail_with_errno("waitid");
}

ending child::wait(std::chrono::milliseconds guard) {
  if (end_)
    return *end_;
  try {
    deadline{guard}.await(pidfd_.get(), POLLIN, "the end of a process");
  } catch (const hung& e) {
    throw hung(std::string(e.what()) + "; its stderr:\n" + err());
  }
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0)
    fail_with_errno("waitid");
  end_ = info.si_code == CLD_EXITED ? ending{info.si_status, {}}
                                    : ending{{}, info.si_status};
  return *end_;
}

std::string child::out() const {
  return read_file(*files_ / "out");
}

std::string child::err() const {
  return read_file(*files_ / "err");
}

void child::await_err(std::string_view text) const {
  await_text("err", err_changes_.get(), text);
}

void child::await_out(std::string_view text) const {
  await_text("out", out_changes_.get(), text);
}

void child::await_text(const char* file, int changes,
                       std::string_view text) const {
  const deadline guard;
  for (;;) {
    const bool ended = !running();
    char events[4096];
    while (::read(changes, events, sizeof(events)) > 0)
      ;
    const auto seen = read_file(*files_ / file);
    if (seen.find(text) != std::string::npos)
      return;
    const auto what =
        "\"" + std::string(text) + "\" in " + file + ", which holds:\n" + seen;
    if (ended)
      throw hung("the process ended without " + what);
    guard.pace(what, {changes, pidfd_.get()});
  }
}

} // namespace clearance::test
