#include "services/process/stderr_lines.hpp"

#include "test/support/files/unique_fd.hpp"

#include <climits>
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace stderr_lines_tests {

using namespace clearance::test;
using clearance::services::stderr_lines;

namespace {

constexpr std::chrono::milliseconds no_wait{0};

/// A pipe that holds one page.
struct small_pipe {
  small_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out = unique_fd{ends[0]};
    in = unique_fd{ends[1]};
    REQUIRE(::fcntl(in.get(), F_SETPIPE_SZ, PIPE_BUF) == PIPE_BUF);
    REQUIRE(::fcntl(out.get(), F_SETFL, O_NONBLOCK) == 0);
  }

  void fill() {
    const std::string bytes(PIPE_BUF, 'x');
    REQUIRE(::write(in.get(), bytes.data(), bytes.size()) == PIPE_BUF);
  }

  std::string read() {
    std::array<char, 65536> bytes{};
    const auto n = ::read(out.get(), bytes.data(), bytes.size());
    return {bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }

  unique_fd out;
  unique_fd in;
};

} // namespace

TEST_CASE("a message goes out whole, in one write") {
  small_pipe pipe;
  stderr_lines lines{pipe.in.get(), no_wait};
  CHECK(lines.say("program", "what happened"));
  CHECK(pipe.read() == "program: what happened\n");
  CHECK(lines.lost() == 0);
}

TEST_CASE("messages that find a full pipe are lost, and counted later") {
  small_pipe pipe;
  pipe.fill();
  stderr_lines lines{pipe.in.get(), std::chrono::milliseconds{20}};
  CHECK_FALSE(lines.say("program", "a"));
  CHECK_FALSE(lines.say("program", "b"));
  CHECK(lines.lost() == 2);
  pipe.read();
  CHECK(lines.say("program", "c"));
  CHECK(pipe.read()
        == "program: nobody read stderr for a while, messages were lost: 2\n"
           "program: c\n");
  CHECK(lines.lost() == 0);
}

TEST_CASE("a message that was cut off does not run into the next one") {
  small_pipe pipe;
  stderr_lines lines{pipe.in.get(), no_wait};
  CHECK_FALSE(lines.say("program", std::string(2 * PIPE_BUF, 'a')));
  CHECK(pipe.read().ends_with("aaa"));
  CHECK(lines.say("program", "b"));
  CHECK(pipe.read()
        == "\nprogram: nobody read stderr for a while, messages were lost: 1\n"
           "program: b\n");
}

TEST_CASE("a message is lost when nobody can read it any more") {
  small_pipe pipe;
  pipe.out.reset();
  stderr_lines lines{pipe.in.get(), no_wait};
  auto* const before = std::signal(SIGPIPE, SIG_IGN);
  CHECK_FALSE(lines.say("program", "a"));
  std::signal(SIGPIPE, before);
}

TEST_CASE("messages never block at a terminal that nobody drains") {
  const unique_fd other_end{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  REQUIRE(other_end);
  REQUIRE(::grantpt(other_end.get()) == 0);
  REQUIRE(::unlockpt(other_end.get()) == 0);
  std::array<char, 64> name{};
  REQUIRE(::ptsname_r(other_end.get(), name.data(), name.size()) == 0);
  const unique_fd terminal{
      ::open(name.data(), O_WRONLY | O_NOCTTY | O_CLOEXEC)};
  REQUIRE(terminal);
  // The room ends at any place of a line, and the kernel makes some more room
  // when it hands the bytes on.
  stderr_lines lines{terminal.get(), no_wait};
  std::size_t failed = 0;
  for (std::size_t length = 0; failed < 300; ++length)
    failed +=
        lines.write({std::string(length % 300, 'x'), "\nTry --help\n"}) ? 0 : 1;
  CHECK(lines.lost() == failed);
}

} // namespace stderr_lines_tests
