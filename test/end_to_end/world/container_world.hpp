/// Containers of a supervisor: their sidecars, directories and sockets.
#pragma once

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/wire/wire_event.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::test {

/// The built program.
std::filesystem::path terok_supervisor();

struct container {
  std::string name = "demo";
  std::string id = "0123456789abcdef";
  /// Fields of the sidecar with their JSON. They replace the fields that the
  /// world writes. An empty value removes the field.
  std::map<std::string, std::string> fields;
};

/// A block that the reader of `x` reports.
block block_of(const container& x, int n = 1);

/// A runtime directory, a directory for sidecars, and the repository `r` of a
/// gate_world. The gate of each container serves that repository, unless the
/// container's fields name another one.
class container_world {
public:
  container_world();

  gate_world git;

  std::filesystem::path runtime_dir() const { return terok() / "sandbox"; }
  std::filesystem::path sidecars() const { return git.dir / "s"; }

  std::filesystem::path clearance(const container& x) const;
  std::filesystem::path reader(const container& x) const;
  std::filesystem::path verdict(const container& x) const;
  std::filesystem::path gate(const container& x) const;
  std::filesystem::path gate_private(const container& x) const;

  std::string sidecar_of(const container& x) const;

  /// The path to which add() writes the sidecar.
  std::filesystem::path sidecar_path(const container& x) const;

  /// Writes the sidecar into another directory and moves it to its path.
  std::filesystem::path add(const container& x) const;
  void add_text(const std::string& file, std::string_view text) const;

  /// argv of the supervisor, and an environment without the variables of this
  /// machine's session.
  child_options supervisor(std::vector<std::string> words) const;

private:
  std::filesystem::path terok() const { return git.dir / "t"; }
};

/// A loopback port in front of a unix socket, because git cannot connect to a
/// unix socket.
class tcp_relay {
public:
  explicit tcp_relay(std::filesystem::path to);
  ~tcp_relay();
  tcp_relay(const tcp_relay&) = delete;
  tcp_relay& operator=(const tcp_relay&) = delete;

  /// The URL for a clone.
  std::string url(std::string_view token = gate_world::token) const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// A loopback port that the kernel gives to no other program while this object
/// lives. A program can bind it if it sets SO_REUSEADDR.
class reserved_port {
public:
  reserved_port();

  std::uint16_t number() const noexcept { return number_; }

  /// Listens on the port, so that no other program can.
  void occupy();
  void release() { fd_.reset(); }

private:
  std::uint16_t number_ = 0; // set while fd_ is made
  unique_fd fd_;
};

} // namespace clearance::test
