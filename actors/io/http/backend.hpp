/// A CGI program behind three pipes.
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

/// Its stdin is a socket: what nobody reads any more is an error there and not
/// a SIGPIPE in a process that may not be ours. Used on the io_context's
/// thread, through a shared_ptr; handlers are never called from inside a
/// method.
class backend : public std::enable_shared_from_this<backend> {
public:
  using write_handler = std::function<void(bool ok)>;
  /// None: end of file.
  using read_handler = std::function<void(std::size_t bytes)>;
  using line_handler = std::function<void(std::string_view)>;
  using time_point = std::chrono::steady_clock::time_point;

  explicit backend(boost::asio::io_context& context);

  /// Starts a program; the plan's descriptors are ignored. Returns 0 or an
  /// errno. `on_line` gets stderr, bounded by gate_limits; `on_exit` is called
  /// once the leader is reaped and stderr has ended (whoever left the group and
  /// holds it is not waited for longer than gate_limits::backend_exit_grace).
  int start(spawn_plan plan, line_handler on_line,
            std::function<void()> on_exit);

  /// Writes all of `bytes`, which must stay until then. One at a time.
  void write(std::span<const char> bytes, write_handler done);

  /// The program reads the end of its input.
  void close_input();

  /// Reads what there is. One at a time.
  void read(std::span<char> to, read_handler done);

  /// Closes stdin and, behind its last words, stdout, and ends the group, see
  /// child_process::end_group(). Pending reads and writes come to nothing, no
  /// handler is called again, and the object is no longer needed.
  void abandon();

  /// The same, but `on_exit` is still called.
  void terminate();

  /// Set from `on_exit` on.
  const std::optional<exit_status>& status() const noexcept { return status_; }

  /// When it last read or wrote something, or came or went.
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
  boost::asio::steady_timer timer_; // for stderr, behind the exit
  line_handler on_line_;
  std::function<void()> on_exit_;
  std::optional<exit_status> reaped_;
  std::optional<exit_status> status_;
  time_point last_progress_{};
  std::unique_ptr<char[]> stderr_buffer_;
  std::string line_; // the unfinished one
  std::size_t lines_ = 0;
  std::size_t unlogged_bytes_ = 0;
  bool reading_ = false; // from stdout
  bool terminating_ = false;
  std::size_t last_words_ = 0; // bytes
  std::unique_ptr<char[]> last_buffer_;
  child_process child_; // last: its handler uses the others
};

} // namespace clearance::io
