/// A real user manager of systemd's, with our units, apart from the machine.
#pragma once

#include "test/support/doubles/fake_manager.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/process/child.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace clearance::test {

class manager_world {
public:
  /// Null where there can be none: the test is then skipped, and says why.
  static std::unique_ptr<manager_world> make();

  ~manager_world();

  /// As the user knows them, and as we do.
  static constexpr auto user_run = "/run/user/54321";
  static constexpr auto user_home = "/home/tester";
  std::filesystem::path run_dir() const { return dir_ / "run"; }
  std::filesystem::path home() const { return dir_ / "home"; }

  /// Writes a file of the user's, with the folders above it.
  void write(const std::filesystem::path& path, std::string_view bytes) const;

  /// An addition to a unit; before it is started.
  void drop_in(const std::string& unit, std::string_view text);

  /// A program as the user, in this world. Who is passed sockets must be the
  /// process that it is started as: then it sees our processes.
  child_options as_user(std::vector<std::string> argv,
                        bool sees_processes = true) const;

  /// `terok-clearance WORDS`.
  std::vector<std::string> ours(std::vector<std::string> words) const;

  /// Runs it; it must succeed. Returns its output.
  std::string run(std::vector<std::string> argv) const;

  /// `systemctl --user`. Returns once jobs are done.
  std::string systemctl(std::vector<std::string> words) const;

  /// A property of a unit.
  std::string property(const std::string& unit, const std::string& name) const;

  /// Returns once it is `value`.
  void await_property(const std::string& unit, const std::string& name,
                      std::string_view value) const;

  /// All of a unit's processes, as we see them.
  std::vector<pid_t> processes(const std::string& unit) const;

  /// Follows the journal, one JSON object an entry that matches.
  child journal(std::vector<std::string> matches) const;

private:
  manager_world();

  /// Empty: it is there. Else why not.
  std::string begin();
  std::string await_ready();
  void install_units();

  temp_dir dir_;
  std::filesystem::path cgroup_;
  fake_manager told_;
  std::optional<child> world_;
};

} // namespace clearance::test
