/// A real user manager of systemd with our units, separate from the machine's
/// own manager.
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
  /// Null if the manager cannot run here. Then the test is skipped with the
  /// reason.
  enum class home_is { a_directory, a_link };
  static std::unique_ptr<manager_world>
  make(home_is what = home_is::a_directory);

  ~manager_world();

  /// Paths as the user in this world sees them, and as the test sees them.
  static constexpr auto user_run = "/run/user/54321";
  static constexpr auto user_home = "/home/tester";
  std::filesystem::path run_dir() const { return dir_ / "run"; }
  std::filesystem::path home() const { return dir_ / "home"; }

  /// Writes a file for the user, and makes the folders above it.
  void write(const std::filesystem::path& path, std::string_view bytes) const;

  /// Adds a drop-in to a unit. Call it before the unit is started.
  void drop_in(const std::string& unit, std::string_view text);

  /// Starts a program as the user, in this world. A program that gets sockets
  /// must be the started process itself; then it sees our processes.
  child_options as_user(std::vector<std::string> argv,
                        bool sees_processes = true) const;

  /// `terok-clearance WORDS`.
  std::vector<std::string> ours(std::vector<std::string> words) const;

  /// Runs a program, which must succeed. Returns its output.
  std::string run(std::vector<std::string> argv) const;

  /// Runs `systemctl --user` and waits until its jobs are done.
  std::string systemctl(std::vector<std::string> words) const;

  /// A property of a unit.
  std::string property(const std::string& unit, const std::string& name) const;

  /// Waits until the property has this value.
  void await_property(const std::string& unit, const std::string& name,
                      std::string_view value) const;

  /// All processes of a unit, with the numbers that the test sees.
  std::vector<pid_t> processes(const std::string& unit) const;

  /// Follows the journal: one JSON object for each entry that matches.
  child journal(std::vector<std::string> matches) const;

private:
  manager_world();

  /// Starts everything. Returns an empty text, or why it is not possible.
  std::string begin(home_is what);
  std::string await_ready(home_is what);
  void install_units();

  temp_dir dir_;
  std::filesystem::path cgroup_;
  fake_manager told_;
  std::optional<child> world_;
};

} // namespace clearance::test
