/// A temporary repository, a gate in front of it, and git clients.
#pragma once

#include "test/support/files/temp_dir.hpp"
#include "test/support/net/http_client.hpp"
#include "test/support/process/child.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace clearance::test {

/// The built program, or the one that TEROK_GATE names.
std::filesystem::path terok_gate();

struct git_result {
  ending end;
  std::string out;
  std::string err;

  bool ok() const { return end == exited(0); }
};

std::ostream& operator<<(std::ostream& out, const git_result& x);

/// Directories of one deployment, with an empty bare repository `r.git`, whose
/// branch is `main`, and the token "the-token" in a file.
class gate_world {
public:
  gate_world();

  static constexpr std::string_view token = "the-token";

  std::filesystem::path mirror_root() const { return dir / "mirrors"; }
  std::filesystem::path repository() const { return mirror_root() / "r.git"; }
  std::filesystem::path socket() const { return dir / "run" / "gate.sock"; }
  std::filesystem::path token_file() const { return dir / "token"; }

  /// Runs git as a client with a HOME of its own, in `where` (below `dir`).
  git_result git(std::vector<std::string> arguments,
                 const std::filesystem::path& where = {}) const;

  /// Like git(), but it must succeed. Returns its output without the last line
  /// end.
  std::string must_git(std::vector<std::string> arguments,
                       const std::filesystem::path& where = {}) const;

  /// Like must_git(), in the repository behind the gate.
  std::string in_mirror(std::vector<std::string> arguments) const;

  /// The options of a child that runs git like git() does.
  child_options git_options(std::vector<std::string> arguments,
                            const std::filesystem::path& where = {}) const;

  /// Commits a file with this content on the current branch of the work tree
  /// `where`, and makes that work tree if it is missing.
  void commit(const std::filesystem::path& where, const std::string& file,
              std::string_view content) const;

  /// Adds `count` commits to the branch main of an existing repository. It is
  /// fast because it does not use the work tree.
  void history(const std::filesystem::path& where, int count,
               const std::string& name) const;

  /// Puts a commit into the repository behind the gate, without the gate.
  void seed(std::string_view content = "content\n") const;

  temp_dir dir;
};

/// Bytes that do not compress, the same for the same `seed`.
std::string noise(std::size_t bytes, unsigned seed = 1);

struct gate_options {
  /// Arguments after mirror root, scope, token and transport. They may repeat
  /// these options.
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  bool token = true; ///< --scope r and --token-file
  /// A program and its arguments. It gets the gate's command line as further
  /// arguments and executes it.
  std::vector<std::string> launcher = {};
};

/// argv of a gate on the world's unix socket, or on a free port.
child_options gate_on_socket(const gate_world& world, gate_options x = {});
child_options gate_on_port(const gate_world& world, gate_options x = {});

/// A running gate.
class gate {
public:
  /// Listens on a port, because git cannot connect to a unix socket.
  explicit gate(const gate_world& world, gate_options options = {});

  child& process() noexcept { return process_; }
  const child& process() const noexcept { return process_; }
  std::uint16_t port() const noexcept { return port_; }

  /// The URL for a clone.
  std::string url(std::string_view token = gate_world::token,
                  std::string_view repository = "r") const;

  http_client client() const { return http_client{connect_tcp(port_)}; }

  /// Sends SIGTERM and waits for the end.
  ending stop();

private:
  child process_;
  std::uint16_t port_;
};

/// All descendants of `pid` whose parents are still alive.
std::vector<pid_t> descendants(pid_t pid);

/// Returns when `pid` has at least `count` descendants.
std::vector<pid_t> await_descendants(pid_t pid, std::size_t count = 1);

/// Returns when `pid` has no descendant, also no zombie.
void await_no_descendants(pid_t pid);

/// Waits until each of these processes has ended. They need not be children of
/// the test.
void await_gone(const std::vector<pid_t>& pids,
                std::chrono::milliseconds guard = hang_guard);

} // namespace clearance::test
