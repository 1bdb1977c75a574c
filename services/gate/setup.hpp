/// What the gate looks for at its start: tokens, git, directories.
#pragma once

#include "actors/gate/config.hpp"
#include "protocol/gate/grants.hpp"
#include "services/process/setup_fault.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace clearance::services {

/// The grant of the one token: from `file` unless that is empty, else from
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

/// Where git-http-backend is, as GIT_EXEC_PATH or the git on PATH tells.
struct found_git {
  std::string program; ///< a path; empty: see `why`
  std::string why;     ///< why there is none, and what to do
};

/// Waits for git.
found_git find_git_http_backend();

/// The program git-http-backend, PATH and GIT_EXEC_PATH of our environment.
/// Waits for git. A warning says why there is no program.
actors::backend_config backend_from_environment();

/// An environment variable, if it is set.
std::optional<std::string> environment(const char* name);

/// What a private directory is for, and which rights it has.
enum class directory_use : std::uint8_t {
  home,            ///< git's HOME: to be read, and it is empty
  temporary_files, ///< TMPDIR of git and of hooks: they may write
};

/// An empty directory for this object's life, closed to other users, below the
/// runtime directory or, where that is none, the one for temporary files. What
/// is in it at the end is removed, too.
class private_directory {
public:
  explicit private_directory(directory_use use); ///< throws setup_fault
  ~private_directory();
  private_directory(const private_directory&) = delete;
  private_directory& operator=(const private_directory&) = delete;

  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

} // namespace clearance::services
