/// What the gate is given by its surroundings: tokens, git, a home.
#pragma once

#include "actors/gate/config.hpp"
#include "protocol/gate/grants.hpp"
#include "services/process/setup_fault.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace clearance::services {

/// The one token's grant: from `file` unless that is empty, else from
/// TEROK_GATE_TOKEN (which is overwritten and removed, so that nobody finds it
/// in /proc), else from systemd's credentials. Throws setup_fault.
protocol::grant token_grant(const std::string& file, const std::string& scope);

/// Throws setup_fault; the line names the file.
std::vector<protocol::grant> read_grants(const std::string& file);

/// A whole file of at most `max_bytes`. Throws setup_fault: `role` is what it
/// is, for the message.
std::string read_small_file(const std::string& path, const std::string& role,
                            std::size_t max_bytes);

/// An existing directory as an absolute path. Throws setup_fault.
std::string existing_directory(const std::string& path,
                               const std::string& role);

/// Where git-http-backend is, by GIT_EXEC_PATH or by asking the git on PATH.
/// Empty: there is none. Waits for git.
std::string find_git_http_backend();

/// Git as the environment says it: its program (empty: there is none), PATH and
/// GIT_EXEC_PATH. Waits for git.
actors::backend_config backend_from_environment();

/// An environment variable, if it is set.
std::optional<std::string> environment(const char* name);

/// An empty directory for this object's life, below the runtime directory or,
/// where that is none, the one for temporary files.
class private_home {
public:
  private_home(); ///< throws setup_fault
  ~private_home();
  private_home(const private_home&) = delete;
  private_home& operator=(const private_home&) = delete;

  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

} // namespace clearance::services
