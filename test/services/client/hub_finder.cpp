#include "services/client/hub_finder.hpp"

#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <poll.h>

namespace hub_finder_tests {

using namespace clearance::services;
using clearance::test::listener;
using clearance::test::temp_dir;
namespace fs = std::filesystem;

namespace {

using paths = std::vector<std::string>;

paths sorted(paths x) {
  std::sort(x.begin(), x.end());
  return x;
}

/// inotify queues its notices before the call that caused them returns.
bool noticed(const hub_finder& finder) {
  pollfd entry{finder.fd(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

} // namespace

TEST_CASE("a socket is noticed when it comes and when it goes") {
  temp_dir directory;
  std::string path = directory / "s";
  hub_finder finder{{path}, ""};
  CHECK(finder.look().empty());
  CHECK_FALSE(noticed(finder));
  {
    listener hub{path};
    CHECK(noticed(finder));
    CHECK(finder.look() == paths{path});
    CHECK_FALSE(noticed(finder));
  }
  fs::remove(path);
  CHECK(noticed(finder));
  CHECK(finder.look().empty());
  CHECK_FALSE(finder.blind());
}

TEST_CASE("a socket is noticed though its directories are made first") {
  temp_dir directory;
  std::string path = directory / "a/b/s";
  hub_finder finder{{path}, ""};
  CHECK(finder.look().empty());
  fs::create_directory(directory / "a");
  CHECK(noticed(finder));
  CHECK(finder.look().empty());
  fs::create_directory(directory / "a/b");
  CHECK(noticed(finder));
  CHECK(finder.look().empty());
  listener hub{path};
  CHECK(noticed(finder));
  CHECK(finder.look() == paths{path});
}

TEST_CASE("a directory that was removed and made again is watched again") {
  temp_dir directory;
  std::string path = directory / "a/s";
  fs::create_directory(directory / "a");
  hub_finder finder{{path}, ""};
  finder.look();
  fs::remove(directory / "a");
  CHECK(noticed(finder));
  finder.look();
  fs::create_directory(directory / "a");
  finder.look();
  listener hub{path};
  CHECK(noticed(finder));
  CHECK(finder.look() == paths{path});
}

TEST_CASE("a file that is no socket is no hub") {
  temp_dir directory;
  clearance::test::write_file(directory / "s", "");
  CHECK(hub_finder({directory / "s"}, "").look().empty());
}

TEST_CASE("all hubs of a runtime directory are found") {
  temp_dir run;
  hub_finder finder{{}, run.path().string()};
  CHECK(finder.look().empty());
  listener main_hub{run / "terok-clearance.sock"};
  CHECK(noticed(finder));
  CHECK(finder.look().size() == 1);
  fs::create_directories(run / "terok/clearance/6f1d2c3b4a59");
  CHECK(noticed(finder));
  finder.look();
  listener per_container{run / "terok/clearance/6f1d2c3b4a59/hub.sock"};
  CHECK(noticed(finder));
  finder.look();
  listener older{run / "terok/clearance/0123456789ab.sock"};
  listener other{run / "terok/clearance/0123456789ab.other"};
  listener reader{run / "terok-shield-events.sock"};
  CHECK(noticed(finder));
  CHECK(sorted(finder.look())
        == sorted({run / "terok-clearance.sock",
                   run / "terok/clearance/0123456789ab.sock",
                   run / "terok/clearance/6f1d2c3b4a59/hub.sock"}));
}

TEST_CASE("a hub with two names is found once") {
  temp_dir run;
  fs::create_directories(run / "terok/clearance/a");
  listener hub{run / "terok/clearance/a/hub.sock"};
  fs::create_symlink("a/hub.sock", run / "terok/clearance/a.sock");
  CHECK(hub_finder({}, run.path().string()).look().size() == 1);
  // But by the name that it was asked for.
  std::string asked = run / "terok/clearance/a.sock";
  CHECK(hub_finder({asked}, run.path().string()).look() == paths{asked});
}

} // namespace hub_finder_tests
