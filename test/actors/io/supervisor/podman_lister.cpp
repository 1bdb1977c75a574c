#include "actors/io/supervisor/podman_lister.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace podman_lister_tests {

using namespace clearance;
namespace fs = std::filesystem;

namespace {

const std::string id_a(64, 'a');
const std::string id_b(64, 'b');

/// Keeps what it is told.
class list_reader {
public:
  static inline const char* name = "list_reader";
  using interface = actors::container_list_owner;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<list_reader>;

  struct record {
    std::vector<std::vector<protocol::listed_container>> lists;
    std::vector<std::string> whys;
  };

  list_reader(self_type*, record* to) : to_(to) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {
        [this](const actors::containers_listed& x) {
          to_->lists.push_back(x.running);
        },
        [this](const actors::containers_unlisted& x) {
          to_->whys.push_back(x.why);
        },
    };
  }

private:
  record* to_;
};

/// A script stands for podman: `events` prints what is written into a FIFO, and
/// `ps` prints a file.
struct fixture {
  test::stepped_loop loop;
  test::temp_dir dir;
  test::log_record log;
  list_reader::record told;
  actors::container_list_owner owner =
      caf::actor_cast<actors::container_list_owner>(
          loop.system().spawn<list_reader::actor_type>(&loop.unit(), &told));
  io::unique_fd events;
  std::unique_ptr<io::podman_lister> lister;

  fixture() {
    REQUIRE(::mkfifo((dir / "events").c_str(), 0600) == 0);
    // For both directions, so that neither side waits for the other.
    events =
        io::unique_fd{::open((dir / "events").c_str(), O_RDWR | O_CLOEXEC)};
    REQUIRE(events);
    runs({});
    const auto at = dir.path().string();
    test::write_file(dir / "podman",
                     "#!/bin/sh\n"
                     "echo \"$*\" >>"
                         + at
                         + "/calls\n"
                           "case $1 in\n"
                           "events) exec cat "
                         + at
                         + "/events ;;\n"
                           "ps) test ! -e "
                         + at
                         + "/broken || {\n"
                           "  echo no storage >&2; exit 125; }\n"
                           "  cat "
                         + at
                         + "/list ;;\n"
                           "esac\n");
    fs::permissions(dir / "podman", fs::perms::owner_all);
  }

  ~fixture() {
    lister.reset();
    caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
    loop.step();
    owner = nullptr;
  }

  void start() {
    lister = std::make_unique<io::podman_lister>(loop.context(),
                                                 (dir / "podman").string());
    lister->start(owner);
  }

  /// What the next list says. Replaced in one step.
  void runs(const std::string& list) {
    test::write_file(dir / "next", list);
    fs::rename(dir / "next", dir / "list");
  }
  void event() { REQUIRE(::write(events.get(), "x\n", 2) == 2); }

  template <class Done>
  void await(Done done, const char* what) {
    const test::deadline guard;
    for (loop.step(); !done(); loop.step())
      guard.pace(what);
  }
  void await_list(const std::vector<protocol::listed_container>& x) {
    await([&] { return !told.lists.empty() && told.lists.back() == x; },
          "a list of containers");
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "containers are listed at first and at each event") {
  runs(id_a + " demo\n");
  start();
  await_list({{id_a, "demo"}});
  runs(id_b + " web\n");
  event();
  await_list({{id_b, "web"}});
  runs("");
  event();
  await_list({});
  CHECK(told.whys.empty());
  CHECK(log.all().empty());
}

TEST_CASE_FIXTURE(fixture, "a list that fails is said once, and tried again") {
  test::write_file(dir / "broken", "");
  runs(id_a + " demo\n");
  start();
  await([&] { return !told.whys.empty(); }, "a fault");
  CHECK(told.whys
        == std::vector<std::string>{"podman ps: exit code 125: no storage\n"});
  CHECK(told.lists.empty());
  fs::remove(dir / "broken");
  event();
  await_list({{id_a, "demo"}});
  CHECK(told.whys.size() == 1);
}

TEST_CASE_FIXTURE(fixture, "a podman that is not there is said") {
  lister = std::make_unique<io::podman_lister>(loop.context(),
                                               (dir / "absent").string());
  lister->start(owner);
  await([&] { return !told.whys.empty(); }, "a fault");
  CHECK(told.whys.front()
        == "podman ps: there is no program " + (dir / "absent").string());
}

TEST_CASE_FIXTURE(fixture, "without events the containers are listed anyway") {
  fs::remove(dir / "events");
  runs(id_a + " demo\n");
  start();
  await_list({{id_a, "demo"}});
  await([&] { return !log.all().empty(); }, "a warning");
  CHECK(log.all().front()["why"].starts_with("exit code 1: "));
}

TEST_CASE_FIXTURE(fixture, "a lister that is destroyed ends its podman") {
  start();
  await_list({});
  lister.reset();
  const auto lists = told.lists.size();
  event();
  loop.step();
  CHECK(told.lists.size() == lists);
}

} // namespace podman_lister_tests
