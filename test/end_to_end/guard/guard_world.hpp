/// A private "internet" and a "container" beside it, for a guard to stand in
/// between: real connections that no other machine sees.
#pragma once

#include "test/support/files/temp_dir.hpp"
#include "test/support/files/unique_fd.hpp"
#include "test/support/process/child.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace clearance::test {

/// Two network namespaces, joined by a veth: in one of them a server accepts
/// TCP on port 443 of 203.0.113.0/24 and 2001:db8:1::/64, the other one is the
/// container's. The container's process is in a user namespace of its own below
/// the one that owns its network, as the processes of a rootless container are.
class guard_world {
public:
  /// Whose namespaces, directory and guards they are. Root is not what most
  /// people are, and no firewall contains root.
  enum class user {
    own,   ///< who runs the tests
    plain, ///< the same, or another one if that is root
  };

  explicit guard_world(user whose = user::own);
  ~guard_world();
  guard_world(const guard_world&) = delete;
  guard_world& operator=(const guard_world&) = delete;

  /// Why there is no such world here; empty: it stands.
  const std::string& missing() const noexcept { return missing_; }

  /// The process of the "internet".
  pid_t internet() const noexcept { return internet_; }

  /// The container's first process.
  pid_t container() const noexcept { return container_; }

  /// Has the container open a connection or send a datagram: `tcp ADDRESS`,
  /// `udp ADDRESS`. Answers `connected`, `sent`, `nothing`, or the errno's
  /// text. `open ADDRESS` keeps the connection; then `say` answers `echoed`, or
  /// how the connection ended. `flood` sends datagrams to 200 addresses for a
  /// second and answers their number and the processor time in nanoseconds.
  /// `spread` sends one to each of 20 000. `name NAME` asks the name server
  /// 203.0.113.53 and answers the address.
  std::string ask(const std::string& what);

  /// Kills the container's first process.
  void end_container();

  /// Starts terok-guard with these words. Its runtime directory is a private
  /// one.
  child start(std::vector<std::string> words) const;

  /// Starts `program`, one of programs(), with what comes before it, as that
  /// user.
  child start_program(const std::string& program,
                      std::vector<std::string> words,
                      std::vector<std::string> before = {},
                      const std::string& working_directory = "/") const;

  /// Where `name` is: terok-guard, terok-clearance or guard-probe. The plain
  /// user may not be able to reach the build directory, so he has copies.
  std::string program(const std::string& name) const;

  /// Gives a file that the test has made to the user.
  void give(const std::string& path) const;

  /// Starts `attach` for the container as `c1`, with lines to stdout, and
  /// returns once it guards.
  child attach(std::vector<std::string> more = {}) const;

  struct result {
    int code = 0;
    std::string out;
    std::string err;
  };
  result run(std::vector<std::string> words) const;

  std::string runtime() const { return directory_.path().string(); }

private:
  temp_dir directory_;
  bool other_user_ = false;
  pid_t internet_ = -1;
  pid_t container_ = -1;
  unique_fd channel_; // to the container
  std::string missing_;
};

} // namespace clearance::test
