// Stands for the outside program terok-shield: it changes no firewall.
//
//     fake-shield CONTROL_DIRECTORY ARGUMENT...
//
// It reports how it was run to the fifo `calls` and then behaves as the file
// `behaviour` (or `behaviour.DEST`, DEST being the third argument) says: a line
// of words, and after it the bytes for stderr.
//
//     wait          first waits for a byte in `release` (`release.DEST`)
//     ignore-term   ignores SIGTERM and SIGINT
//     flood         writes one MiB to stderr
//     leave         leaves a child behind that keeps stderr open
//     escape        the same, in a session and so a process group of its own
//     hang          never ends; nor do the children
//     exit N        ends with N (the default is 0)
//     signal N      ends by signal N
//
// Asked for its `capabilities`, it prints the file of that name and reports
// nothing; without the file it ends with 2, as a shield that does not know the
// word.
//
// A process that hangs ends when the fifo `leash` has no writer any more, that
// is when the test has ended. Each process holds the fifo `alive` open.

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

int open_or_fail(const fs::path& path, int flags) {
  const auto fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0)
    ::_exit(99);
  return fd;
}

void write_all(int fd, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n <= 0)
      return;
    done += static_cast<std::size_t>(n);
  }
}

std::string target(int fd) {
  std::error_code error;
  return fs::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
}

// 0x1f ends a field, 0x1e a call: no sanitised argument has them. A write of
// less than PIPE_BUF bytes is never mixed with another process's write.
std::string report(int argc, char** argv, std::size_t descriptors) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::ostringstream out;
  out << ::getpid() << '\x1f' << ::getpgrp() << '\x1f' << limit.rlim_cur
      << '\x1f' << descriptors << '\x1f' << target(0) << '\x1f' << target(1);
  for (int i = 2; i < argc; ++i)
    out << '\x1f' << argv[i];
  out << '\x1e';
  return out.str();
}

std::size_t count_descriptors() {
  const fs::directory_iterator begin{"/proc/self/fd"};
  // The iterator's own descriptor is among them.
  return static_cast<std::size_t>(std::distance(begin, end(begin))) - 1;
}

[[noreturn]] void hang(int leash) {
  char byte;
  while (::read(leash, &byte, 1) != 0)
    ;
  ::_exit(0);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    return 98;
  const fs::path control{argv[1]};
  if (argc == 3 && std::string{argv[2]} == "capabilities") {
    std::ifstream file{control / "capabilities", std::ios::binary};
    write_all(1, {std::istreambuf_iterator<char>{file}, {}});
    return file.is_open() ? 0 : 2;
  }
  const auto descriptors = count_descriptors();
  const std::string dest = argc > 4 ? argv[4] : "";
  auto own = [&](const std::string& name) {
    const auto special = control / (name + "." + dest);
    return fs::exists(special) ? special : control / name;
  };
  std::ifstream file{own("behaviour"), std::ios::binary};
  std::string words;
  std::getline(file, words);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};

  open_or_fail(control / "alive", O_WRONLY);
  const auto leash = open_or_fail(control / "leash", O_RDONLY);
  std::istringstream in{words};
  int exit_code = 0;
  int end_signal = 0;
  bool wait = false, flood = false, leave = false, escape = false,
       forever = false;
  for (std::string word; in >> word;) {
    if (word == "ignore-term") {
      ::signal(SIGTERM, SIG_IGN);
      ::signal(SIGINT, SIG_IGN);
    }
    wait |= word == "wait";
    flood |= word == "flood";
    escape |= word == "escape";
    leave |= word == "leave" || word == "escape";
    forever |= word == "hang";
    if (word == "exit")
      in >> exit_code;
    if (word == "signal")
      in >> end_signal;
  }
  write_all(open_or_fail(control / "calls", O_WRONLY),
            report(argc, argv, descriptors));

  char byte;
  if (wait && ::read(open_or_fail(own("release"), O_RDONLY), &byte, 1) != 1)
    return 97;
  write_all(2, text);
  if (flood)
    write_all(2, std::string(1024 * 1024, 'f'));
  if (leave && ::fork() == 0) {
    if (escape)
      ::setsid();
    hang(leash);
  }
  if (forever)
    hang(leash);
  if (end_signal != 0)
    ::kill(::getpid(), end_signal);
  return exit_code;
}
