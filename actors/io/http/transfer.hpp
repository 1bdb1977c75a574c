/// Answers one request with a backend: the backend gets the request's body, and
/// its output becomes the response.
#pragma once

#include "actors/io/http/backend.hpp"
#include "actors/io/http/http_times.hpp"
#include "actors/io/http/http_wire.hpp"
#include "protocol/gate/cgi.hpp"
#include "protocol/gate/push_report.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::io {

/// The result of a transfer.
struct transfer_result {
  int status = 0;             ///< the status that the client got; 0: none
  std::uint64_t received = 0; ///< bytes of the request's body
  std::uint64_t sent = 0;     ///< bytes of the response's body
  std::string_view trouble;   ///< a literal; empty when all is well
  bool body_read = false;     ///< the request's body was read to its end
  bool reusable = false;      ///< the connection may be used again
  bool cut = false;           ///< the connection is closed already
  std::string declined = {};  ///< see actors::answered
  std::string said = {};      ///< see actors::answered
};

/// Settings for one request.
struct transfer_rules {
  /// If the client leaves after the body was read, the backend may go on for
  /// http_times::push_alone.
  bool runs_on_alone = false;
  /// A larger body gets 413.
  std::uint64_t body_max_bytes = 0;
  /// The response comes from git-receive-pack. Its report is read for the log.
  bool reads_report = false;
  /// A header block, and maybe the beginning of a body. It is sent before the
  /// backend's output. If the backend fails without any output, the client gets
  /// 502 instead.
  std::string preamble;
  /// Nothing is sent until the request's body was read to its end.
  bool body_first = false;
};

/// See transfer.cpp. Use it through a shared_ptr, on the io_context's thread.
class transfer : public std::enable_shared_from_this<transfer> {
public:
  using done_handler = std::function<void(const transfer_result&)>;

  /// `keep_alive`: the connection may be used again after the response.
  /// `server` is the value of the Server field.
  transfer(boost::asio::io_context& context, std::shared_ptr<http_wire> wire,
           const http_times& times, bool keep_alive, std::string server);

  /// Starts the program. Returns 0, or an errno; then nothing has happened.
  /// `done` is called once, later, when the backend is reaped.
  int start(spawn_plan plan, transfer_rules rules,
            backend::line_handler on_line, done_handler done);

  /// Checks the client and the time limits. Call it at short intervals.
  void watch();

  /// Ends the request with 408 if its body arrives too slowly.
  void end_if_slow();

  /// Ends the backend; `done` is not called.
  void abandon();

private:
  using time_point = std::chrono::steady_clock::time_point;

  // Who has to act next, in each direction.
  enum class up : std::uint8_t { client, backend, done };
  // waiting: there is output that may not be sent yet. alone: the client has
  // left, and the output is dropped.
  enum class down : std::uint8_t {
    backend,
    waiting,
    client,
    exit,
    alone,
    done
  };

  void read_body();
  void took_body(http_wire::event what, std::span<const char> piece);
  void end_body();
  void count_body(std::size_t bytes);

  void read_output();
  void took_output(std::size_t bytes);
  void resume_output();
  void make_head();
  void pass_on(std::string_view body);
  void release_head();
  void released(bool ok);
  void write_output(std::string_view body);
  void wrote(bool ok);
  void end_output();
  void exited();
  void answer_with_preamble();

  void lose_client(std::string_view trouble);
  void drop_output();
  void dropped_output(std::size_t bytes);
  void read_report(std::string_view body);
  void report();

  void watch_backend(time_point now);
  void watch_body(time_point now);
  void fail(int status, std::string_view trouble);
  void cut(std::string_view trouble);
  void end_if_over();

  std::shared_ptr<http_wire> wire_;
  http_times times_;
  bool keep_alive_;
  std::string server_;
  std::shared_ptr<backend> backend_;
  done_handler done_;
  transfer_rules rules_;
  protocol::push_report report_;
  transfer_result result_;

  up up_ = up::done;
  time_point up_since_{};

  /// How fast the body arrives, measured over the last times_.body_rate of the
  /// time in which we waited for it.
  struct {
    time_point since{};
    std::chrono::steady_clock::duration waited{};
    std::uint64_t bytes = 0;
    bool slow = false; // in the last complete window
  } rate_;

  bool discarding_ = false; // the backend does not read the rest of the body

  down down_ = down::backend;
  time_point output_ended_{};
  time_point alone_since_{};
  bool alone_output_ended_ = false;
  protocol::cgi_head_parser parser_;
  // The response's head is in head_bytes_. After it was made it may be held
  // back, see transfer.cpp.
  bool head_made_ = false;
  int backend_says_ = 0; // the status that the backend wrote
  bool head_sent_ = false;
  bool releasing_ = false;      // only the head is being written
  std::size_t next_output_ = 0; // bytes of output_ that wait, see down::waiting
  bool chunked_ = false;
  std::optional<std::uint64_t>
      left_; // missing bytes of a response with a length
  std::unique_ptr<char[]> output_;
  std::string head_bytes_; // the response's head, or a chunk's line
};

} // namespace clearance::io
