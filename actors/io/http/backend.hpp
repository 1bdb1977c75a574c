/// A child process that answers one request: git or a CGI program.
#pragma once

#include "actors/io/process/child.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clearance::io {

/// The program's stdin is a socket: writing to it after the program has closed
/// it is an error and raises no SIGPIPE, which an application might not handle.
/// Use this class through a shared_ptr, on the io_context's thread. Methods do
/// not call handlers themselves; the io_context does.
class backend : public std::enable_shared_from_this<backend> {
public:
  using write_handler = std::function<void(bool ok)>;
  /// `bytes` is 0 at the end of the file.
  using read_handler = std::function<void(std::size_t bytes)>;
  using line_handler = std::function<void(std::string_view)>;
  using time_point = std::chrono::steady_clock::time_point;

  explicit backend(boost::asio::io_context& context);

  /// Starts a program. The plan's descriptors are ignored. Returns 0 or an
  /// errno. `on_line` gets the lines of stderr, limited by gate_limits.
  /// `on_exit` is called when the leader is reaped and stderr has ended. If a
  /// process that left the group holds stderr open, `on_exit` is called
  /// gate_limits::backend_exit_grace after the leader's end.
  int start(spawn_plan plan, line_handler on_line,
            std::function<void()> on_exit);

  /// Writes all of `bytes`, which must stay valid until `done` is called. Only
  /// one write at a time.
  void write(std::span<const char> bytes, write_handler done);

  /// Closes stdin, so that the program sees the end of its input.
  void close_input();

  /// Reads the bytes that are there, at least one. Only one read at a time.
  void read(std::span<char> to, read_handler done);

  /// Closes stdin and ends the process group, see child_process::end_group().
  /// Reads the program's last messages, then closes stdout. No handler is
  /// called again, also not for reads and writes that are under way. The caller
  /// may drop this object.
  void abandon();

  /// Like abandon(), but `on_exit` is still called.
  void terminate();

  /// Has a value when `on_exit` is called, and afterwards.
  const std::optional<exit_status>& status() const noexcept { return status_; }

  /// When the program last read or wrote something, started or ended.
  time_point last_progress() const noexcept { return last_progress_; }

private:
  void heard_out(const boost::system::error_code& error, std::size_t bytes);
  void read_stderr();
  void took_stderr(std::string_view bytes);
  void end_line();
  void end_stderr();
  void progressed();
  void exited(exit_status status);
  void end_if_over();

  boost::asio::local::stream_protocol::socket stdin_;
  boost::asio::posix::stream_descriptor stdout_;
  boost::asio::posix::stream_descriptor stderr_;
  boost::asio::steady_timer timer_; // for stderr after the leader's exit
  line_handler on_line_;
  std::function<void()> on_exit_;
  std::optional<exit_status> reaped_;
  std::optional<exit_status> status_;
  time_point last_progress_{};
  std::unique_ptr<char[]> stderr_buffer_;
  std::string line_; // the unfinished line of stderr
  std::size_t lines_ = 0;
  std::size_t unlogged_bytes_ = 0;
  bool reading_ = false; // a read of stdout is under way
  bool terminating_ = false;
  std::size_t last_words_ = 0; // bytes
  std::unique_ptr<char[]> last_buffer_;
  child_process child_; // the last member, because its handler uses the others
};

} // namespace clearance::io
