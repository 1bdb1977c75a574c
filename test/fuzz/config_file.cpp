// Input: a settings file of terok-clearance. Either it is refused in one
// printable line that names it, or its words are a valid command line.

#include "services/cli/config_file.hpp"

#include "services/clearance/command_line.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <variant>
#include <vector>

namespace config_file_fuzzer {

namespace {

using namespace clearance::services;
using clearance::test::require;

// A file in memory.
class memory_file {
public:
  memory_file(const std::uint8_t* data, std::size_t size)
      : fd_(::memfd_create("settings", MFD_CLOEXEC)) {
    require(fd_ >= 0, "a file in memory");
    require(::write(fd_, data, size) == static_cast<ssize_t>(size), "write");
  }
  ~memory_file() { ::close(fd_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
  int fd_;
};

void run(const std::uint8_t* data, std::size_t size) {
  const memory_file file{data, size};
  const auto judge = command_judge("/run/user/1000");
  for (const auto* subcommand : {"serve", "watch"}) {
    const auto result =
        with_config({subcommand, "--config", file.path()}, judge);
    if (const auto* fault = std::get_if<config_fault>(&result)) {
      require(fault->what.find(file.path()) != std::string::npos,
              "a fault names its file");
      require(std::ranges::all_of(fault->what,
                                  [](char c) { return c >= ' ' && c <= '~'; }),
              "a fault is one printable line");
      continue;
    }
    const auto& words = std::get<0>(result);
    require(!words.empty() && words.front() == subcommand,
            "the subcommand stays the first word");
    judge.fault(words); // must not throw, whatever it returns
  }
}

const clearance::test::fuzzer registered{"config_file", run};

} // namespace

} // namespace config_file_fuzzer
