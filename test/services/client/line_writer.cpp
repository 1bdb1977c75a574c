#include "services/client/line_writer.hpp"

#include "services/client/descriptor.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <thread>

namespace line_writer_tests {

using namespace clearance::services;

namespace {

struct pipe_pair {
  pipe_pair() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out = descriptor{ends[0]};
    in = descriptor{ends[1]};
  }
  descriptor out, in;
};

struct fixture {
  fixture() { std::signal(SIGPIPE, SIG_IGN); }
  pipe_pair lines, stop;
  line_writer writer{lines.in.get(), stop.out.get()};
};

} // namespace

TEST_CASE_FIXTURE(fixture, "lines arrive unchanged") {
  CHECK(writer.write("a\nb\n") == line_writer::result::written);
  std::array<char, 8> bytes{};
  CHECK(::read(lines.out.get(), bytes.data(), bytes.size()) == 4);
  CHECK(std::string_view{bytes.data(), 4} == "a\nb\n");
}

TEST_CASE_FIXTURE(fixture, "a slow reader gets everything") {
  std::string text(1'000'000, 'x'), got;
  std::thread reader{[&] {
    std::array<char, 50'000> bytes{};
    for (;;) {
      auto n = ::read(lines.out.get(), bytes.data(), bytes.size());
      if (n <= 0)
        return;
      got.append(bytes.data(), static_cast<std::size_t>(n));
    }
  }};
  CHECK(writer.write(text) == line_writer::result::written);
  lines.in.reset();
  reader.join();
  CHECK(got == text);
}

TEST_CASE_FIXTURE(fixture,
                  "a reader that does not read does not keep a signal away") {
  // More than any pipe holds by default, and nobody reads: without the order
  // to stop this would never return.
  REQUIRE(::write(stop.in.get(), "x", 1) == 1);
  CHECK(writer.write(std::string(1'000'000, 'x'))
        == line_writer::result::stopped);
}

TEST_CASE_FIXTURE(
    fixture, "a reader that has left and a failure are different results") {
  lines.out.reset();
  CHECK(writer.write("x") == line_writer::result::nobody_reads);
  descriptor full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  line_writer to_full{full.get(), stop.out.get()};
  CHECK(to_full.write("x") == line_writer::result::failed);
}

} // namespace line_writer_tests
