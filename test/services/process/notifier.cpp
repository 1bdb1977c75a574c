#include "services/process/notifier.hpp"

#include "test/support/doubles/fake_manager.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

namespace notifier_tests {

using namespace clearance;
using services::notifier;
using test::fake_manager;

TEST_CASE("each notice is one message of assignments") {
  fake_manager manager;
  notifier x{manager.address()};
  CHECK(x);
  CHECK(x.ready("serves"));
  CHECK(manager.next() == "READY=1\nSTATUS=serves");
  CHECK(x.status("serves on"));
  CHECK(manager.next() == "STATUS=serves on");
  CHECK(x.alive());
  CHECK(manager.next() == "WATCHDOG=1");
  x.reloading();
  const auto news = manager.next();
  const std::string before = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(news.starts_with(before));
  CHECK(news.find_first_not_of("0123456789", before.size()) == news.npos);
  x.reloaded();
  CHECK(manager.next() == "READY=1");
}

TEST_CASE("a status cannot become an assignment") {
  fake_manager manager;
  notifier x{manager.address()};
  x.status("a\nREADY=1");
  CHECK(manager.next() == R"(STATUS=a\x0aREADY=1)");
}

TEST_CASE("a service that stops sends no status any more, only why and that it "
          "lives") {
  fake_manager manager;
  notifier x{manager.address()};
  x.stopping();
  CHECK(manager.next() == "STOPPING=1\nSTATUS=stopping");
  CHECK(x.ready("serves"));
  CHECK(x.status("serves"));
  x.alive();
  CHECK(manager.next() == "WATCHDOG=1");
  x.failed("it broke");
  CHECK(manager.next() == "STATUS=it broke");
  CHECK_FALSE(manager.has_more());
}

TEST_CASE("a manager that does not read is not waited for") {
  fake_manager manager;
  notifier x{manager.address()};
  int told = 0;
  while (x.status("serves"))
    ++told;
  CHECK(told > 0);
  manager.next();
  CHECK(x.status("serves"));
}

TEST_CASE("without a service manager every notice succeeds") {
  for (std::string address : {"", "relative", "vsock:2:1", "/nobody/is/here"}) {
    CAPTURE(address);
    notifier x{address};
    CHECK_FALSE(x);
    CHECK(x.ready("serves"));
    CHECK(x.status("serves"));
    CHECK(x.alive());
    x.stopping();
  }
}

TEST_CASE("the environment is read once") {
  fake_manager manager;
  ::setenv("NOTIFY_SOCKET", manager.address().c_str(), 1);
  auto x = notifier::from_environment();
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  x.alive();
  CHECK(manager.next() == "WATCHDOG=1");
  CHECK_FALSE(notifier::from_environment());
}

} // namespace notifier_tests
