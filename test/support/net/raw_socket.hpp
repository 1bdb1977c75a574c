/// A unix stream socket as a hostile client would use it: any bytes, cut
/// anywhere, half closed, never read.
#pragma once

#include "test/support/deadline.hpp"
#include "test/support/files/unique_fd.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace clearance::test {

/// The peer has closed the connection while we wrote.
class peer_closed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Non-blocking inside; every call that waits has the hang guard.
class raw_socket {
public:
  /// Throws std::system_error when nobody listens at `path`.
  explicit raw_socket(const std::filesystem::path& path);
  explicit raw_socket(unique_fd connected) : fd_(std::move(connected)) {}

  int fd() const noexcept { return fd_.get(); }

  /// Writes all of `bytes`. Throws peer_closed.
  void send(std::string_view bytes);

  /// Writes what the socket takes now; returns how much that was.
  std::size_t send_some(std::string_view bytes);

  /// Writes `bytes` and awaits that the peer has read them: what is sent next
  /// comes to it in another read.
  void send_apart(std::string_view bytes);

  /// Returns once the peer has read all that was sent.
  void await_taken() const;

  /// Bytes sent that the peer has not read, by the kernel's accounting: not
  /// the number of bytes, but zero exactly when all were read.
  int untaken() const;

  /// The next message up to a NUL, without it; nothing at the stream's end.
  std::optional<std::string> read_frame();

  /// Everything up to the stream's end. A reset counts as an end: it is what
  /// a peer causes that closes without having read all.
  std::string read_to_end();

  /// Whether a read would return at once (bytes or the end).
  bool readable() const;

  /// Appends what is there now; false at the stream's end.
  bool read_some(std::string& out);

  /// Shuts down the writing side.
  void half_close();

private:
  unique_fd fd_;
  std::string buffer_;
  std::size_t begin_ = 0;   // of the next message
  std::size_t scanned_ = 0; // no NUL before here
};

/// Whether a server takes connections there now.
bool accepts(const std::filesystem::path& path);

} // namespace clearance::test
