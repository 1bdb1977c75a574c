/// Runs git for a hook, in the repository in which git runs the hook.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// Which objects git can read.
enum class object_view : std::uint8_t {
  repository, ///< those of the repository alone
  pushed,     ///< those of the push as well, which are in git's quarantine
};

struct hook_git_call {
  std::vector<std::string> argv; ///< without "git"
  object_view objects = object_view::repository;
  std::string_view input = {};
  /// Gets each line of stdout without its end; none: stdout is thrown away.
  std::function<void(std::string_view)> on_line = {};
};

struct hook_git_result {
  int code = -1; ///< exit code; -1: killed, or it could not be started
  std::string
      why; ///< git's stderr, or why git did not run; printable, one line

  bool ok() const noexcept { return code == 0; }
};

/// Runs git and waits for its end. GIT_NO_REPLACE_OBJECTS is set, and git runs
/// no hook.
hook_git_result run_hook_git(const hook_git_call& call);

} // namespace clearance::services
