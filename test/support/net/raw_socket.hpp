/// A unix stream socket that can do what a hostile client does: send any bytes
/// in any pieces, close one side only, never read.
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

/// Thrown when the peer has closed the connection while we write.
class peer_closed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Every call that waits is ended by the hang guard.
class raw_socket {
public:
  /// Throws std::system_error if no server listens at `path`.
  explicit raw_socket(const std::filesystem::path& path);
  explicit raw_socket(unique_fd connected) : fd_(std::move(connected)) {}

  int fd() const noexcept { return fd_.get(); }

  /// Writes all of `bytes`. Throws peer_closed.
  void send(std::string_view bytes);

  /// Writes what the socket takes now. Returns how many bytes that were.
  std::size_t send_some(std::string_view bytes);

  /// Writes `bytes` and waits until the peer has read them. So the peer gets
  /// what is sent next in another read.
  void send_apart(std::string_view bytes);

  /// Waits until the peer has read all that was sent.
  void await_taken() const;

  /// The memory that the kernel counts for bytes which the peer has not read.
  /// It is more than their number, and zero exactly if all are read.
  int untaken() const;

  /// Waits for the next message, returned without its NUL; nothing at the end.
  std::optional<std::string> read_frame();

  /// Waits for the end of the stream and returns all before it. A reset counts
  /// as an end: a peer that closes without having read all causes one.
  std::string read_to_end();

  /// Whether a read would return at once (bytes or the end).
  bool readable() const;

  /// Appends the bytes that are there now; false at the end of the stream.
  bool read_some(std::string& out);

  /// Shuts down the writing side.
  void half_close();

private:
  unique_fd fd_;
  std::string buffer_;
  std::size_t begin_ = 0;   // of the next message
  std::size_t scanned_ = 0; // no NUL before here
};

/// Whether a server accepts connections at that path now.
bool accepts(const std::filesystem::path& path);

} // namespace clearance::test
