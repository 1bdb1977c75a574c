/// A stderr that nobody reads.
#pragma once

#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/files/unique_fd.hpp"
#include "test/support/process/child.hpp"

#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace clearance::test {

/// The command that runs `program` with the file `to` as stderr.
inline std::vector<std::string> with_stderr(const std::filesystem::path& to,
                                            const std::string& program) {
  return {"/bin/sh", "-c", "exec \"$@\" 2>\"$0\"", to, program};
}

/// A pipe that takes no byte until somebody reads it.
class full_pipe {
public:
  full_pipe() {
    const auto path = dir_ / "log";
    if (::mkfifo(path.c_str(), 0600) != 0)
      fail_with_errno("mkfifo");
    pipe_ = unique_fd{::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    ::fcntl(pipe_.get(), F_SETPIPE_SZ, 4096);
    const std::string bytes(4096, 'x');
    while (::write(pipe_.get(), bytes.data(), bytes.size()) > 0)
      continue;
    while (::write(pipe_.get(), "x", 1) > 0)
      continue;
  }

  /// The command that runs `program` with the pipe as stderr.
  std::vector<std::string> before(const std::string& program) const {
    return with_stderr(dir_ / "log", program);
  }

  /// The options `x` with the pipe as stderr.
  child_options operator()(child_options x) const {
    const auto words = before(x.argv.front());
    x.argv.erase(x.argv.begin());
    x.argv.insert(x.argv.begin(), words.begin(), words.end());
    return x;
  }

  /// Reads until `text` has arrived `count` times.
  void await(std::string_view text, std::size_t count = 1) {
    const deadline guard;
    while (times(text) < count) {
      char bytes[65536];
      const auto n = ::read(pipe_.get(), bytes, sizeof(bytes));
      if (n > 0)
        seen_.append(bytes, static_cast<std::size_t>(n));
      else
        guard.await(pipe_.get(), POLLIN, text);
    }
  }

  /// Reads what is there.
  void drain() {
    char bytes[65536];
    while (::read(pipe_.get(), bytes, sizeof(bytes)) > 0)
      continue;
  }

  const std::string& seen() const noexcept { return seen_; }

private:
  std::size_t times(std::string_view text) const {
    std::size_t result = 0;
    for (auto at = seen_.find(text); at != std::string::npos;
         at = seen_.find(text, at + 1))
      ++result;
    return result;
  }

  temp_dir dir_;
  unique_fd pipe_;
  std::string seen_;
};

} // namespace clearance::test
