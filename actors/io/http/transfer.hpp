/// One request being answered by a backend: its body goes in, the response
/// comes out.
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

/// What became of it.
struct transfer_result {
  int status = 0;             ///< that the client was sent; 0: none
  std::uint64_t received = 0; ///< bytes of the request's body
  std::uint64_t sent = 0;     ///< bytes of the response's body
  std::string_view trouble;   ///< a literal; empty when all is well
  bool body_read = false;     ///< the request's body was read to its end
  bool reusable = false;      ///< the connection may go on
  bool cut = false;           ///< it is closed already
  std::string declined = {};  ///< see actors::answered
  std::string said = {};      ///< see actors::answered
};

/// What holds for one request.
struct transfer_rules {
  /// A backend that has read its whole body is not ended when the client
  /// leaves, but only http_times::push_alone later.
  bool runs_on_alone = false;
  /// A body above it gets 413.
  std::uint64_t body_max_bytes = 0;
  /// The response's body is git-receive-pack's, and is read for the log.
  bool reads_report = false;
  /// A header block, and maybe the beginning of a body, that stands before what
  /// the backend writes. A backend that fails without a byte gets 502 instead.
  std::string preamble;
  /// Nothing is sent before the request's body was read to its end.
  bool body_first = false;
};

/// See transfer.cpp. Used through a shared_ptr, on the io_context's thread.
class transfer : public std::enable_shared_from_this<transfer> {
public:
  using done_handler = std::function<void(const transfer_result&)>;

  /// `keep_alive` says whether the connection may go on behind the response;
  /// `server` is the Server field's value.
  transfer(boost::asio::io_context& context, std::shared_ptr<http_wire> wire,
           const http_times& times, bool keep_alive, std::string server);

  /// Starts the program. Returns 0 or an errno; then nothing has happened.
  /// `done` is called once, later, after the backend is reaped.
  int start(spawn_plan plan, transfer_rules rules,
            backend::line_handler on_line, done_handler done);

  /// Looks at the client and the clock: call it every now and then.
  void watch();

  /// Ends the request with 408 if its body comes too slowly.
  void end_if_slow();

  /// Ends the backend; `done` is not called.
  void abandon();

private:
  using time_point = std::chrono::steady_clock::time_point;

  // Who has to do something next, in each direction.
  enum class up : std::uint8_t { client, backend, done };
  // Waiting: there is output that may not be sent yet. Alone: the client has
  // left, and the output is thrown away.
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
  void discard_output();
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

  /// How fast the body comes, over the last times_.body_rate in which we
  /// waited for it.
  struct {
    time_point since{};
    std::chrono::steady_clock::duration waited{};
    std::uint64_t bytes = 0;
    bool slow = false; // over the window before this one
  } rate_;

  bool discarding_ = false; // the backend reads no more of the body

  down down_ = down::backend;
  time_point output_ended_{};
  time_point alone_since_{};
  protocol::cgi_head_parser parser_;
  // The response's head, in head_bytes_: made, and written or being written. In
  // between it is held back, see transfer.cpp.
  bool head_made_ = false;
  int backend_says_ = 0; // the status
  bool head_sent_ = false;
  bool releasing_ = false;      // the head alone is being written
  std::size_t next_output_ = 0; // bytes that wait, see down
  bool chunked_ = false;
  std::optional<std::uint64_t> left_; // of a response of known length
  std::unique_ptr<char[]> output_;
  std::string head_bytes_; // of the response, or of the chunk
};

} // namespace clearance::io
