#include "actors/io/supervisor/container_host.hpp"

#include "test/actors/io/loop/stale_event.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/actors/io/process/processes.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace container_host_tests {

using namespace clearance;

namespace {

/// Keeps the process_gone messages that it gets.
class mourner {
public:
  static inline const char* name = "mourner";
  using interface = actors::process_watcher;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<mourner>;

  mourner(self_type*, std::vector<pid_t>* gone) : gone_(gone) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {
        [this](const actors::process_gone& x) { gone_->push_back(x.pid); },
    };
  }

private:
  std::vector<pid_t>* gone_;
};

/// A process that does nothing until it is killed.
class sleeper {
public:
  sleeper() : pid_(::fork()) {
    if (pid_ == 0)
      for (;;)
        ::pause();
  }
  ~sleeper() { end(); }

  pid_t pid() const noexcept { return pid_; }

  void end() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

private:
  pid_t pid_;
};

struct fixture {
  test::stepped_loop loop;
  std::vector<pid_t> gone;
  actors::process_watcher owner = caf::actor_cast<actors::process_watcher>(
      loop.system().spawn<mourner::actor_type>(&loop.unit(), &gone));
  io::container_host host{loop.context()};
  sleeper process;

  ~fixture() {
    caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
    loop.step();
    owner = nullptr;
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture,
                  "the owner of a watch is told when the process ends") {
  const auto pid = process.pid();
  const auto watch = host.watch(pid, owner);
  REQUIRE(watch.value);
  loop.step();
  CHECK(gone.empty());
  process.end();
  loop.step();
  CHECK(gone == std::vector<pid_t>{pid});
}

TEST_CASE_FIXTURE(fixture, "a watch that was dropped sends no message") {
  auto watch = host.watch(process.pid(), owner);
  process.end();
  watch.value.reset();
  loop.step();
  CHECK(gone.empty());
}

TEST_CASE_FIXTURE(fixture, "locks in a repository are named a step later") {
  const test::temp_dir dir;
  const test::log_record log;
  std::filesystem::create_directories(dir / "refs/heads");
  for (int i = 0; i < 200; ++i) // more than are looked at in one turn
    test::write_file(dir / ("refs/heads/" + std::to_string(i)), "");
  const auto lock = dir / "refs/heads/main.lock";
  test::write_file(lock, "");
  std::filesystem::last_write_time(lock,
                                   std::filesystem::file_time_type::clock::now()
                                       - std::chrono::hours{1});
  host.look_for_locks(dir.path().string());
  CHECK(log.all().empty());
  loop.step();
  REQUIRE_EQ(log.all().size(), 1);
  CHECK_EQ(log.all().front()["first"], lock.string());
}

// Otherwise the supervisor would end all services of a container that still
// runs.
TEST_CASE_FIXTURE(
    fixture,
    "an event of another descriptor does not report the end of a process") {
  const auto pid = process.pid();
  actors::watched watch;
  test::with_stale_event(loop.context(),
                         [&] { watch = host.watch(pid, owner); });
  loop.step();
  CHECK(gone.empty());
  process.end();
  loop.step();
  CHECK(gone == std::vector<pid_t>{pid});
}

} // namespace container_host_tests
