#include "actors/io/http/backend.hpp"

#include "protocol/gate/limits.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
namespace gate_limits = protocol::gate_limits;
using boost::system::error_code;
using local = asio::local::stream_protocol;

namespace {

constexpr std::size_t stderr_buffer_bytes = 1024;
constexpr std::size_t last_buffer_bytes = 4096;

struct ends {
  unique_fd ours;
  unique_fd childs;
};

ends make_pipe() {
  std::array<int, 2> fds{-1, -1};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return {};
  // A larger pipe lets git go on while we wait for the client. If the user may
  // not have more pipe memory, the default size is enough.
  ::fcntl(fds[1], F_SETPIPE_SZ,
          static_cast<int>(gate_limits::pump_max_bytes * 4));
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

ends make_socket_pair() {
  std::array<int, 2> fds{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0)
    return {};
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

// Gives the descriptor to an object of Asio. On failure `fd` keeps it and errno
// says why.
template <class Object, class... Ts>
bool give(unique_fd& fd, Object& to, const Ts&... protocol) {
  error_code error;
  to.assign(protocol..., fd.get(), error);
  if (error) {
    errno = error.value();
    return false;
  }
  fd.release();
  return true;
}

} // namespace

backend::backend(asio::io_context& context)
    : stdin_(context), stdout_(context), stderr_(context), timer_(context) {
  // nop
}

int backend::start(spawn_plan plan, line_handler on_line,
                   std::function<void()> on_exit) {
  auto input = make_socket_pair();
  auto output = make_pipe();
  std::array<int, 2> fds{-1, -1};
  ends errors;
  if (::pipe2(fds.data(), O_CLOEXEC) == 0)
    errors = {unique_fd{fds[0]}, unique_fd{fds[1]}};
  if (!input.ours || !output.ours || !errors.ours)
    return errno;
  if (!give(input.ours, stdin_, local()) || !give(output.ours, stdout_)
      || !give(errors.ours, stderr_))
    return errno;
  plan.stdin_fd = input.childs.get();
  plan.stdout_fd = output.childs.get();
  plan.stderr_fd = errors.childs.get();
  // Our hooks write their log lines to descriptor 3, because git sends a hook's
  // stderr to the client that pushes.
  plan.stderr_on_3 = true;
  on_line_ = std::move(on_line);
  on_exit_ = std::move(on_exit);
  auto& context = static_cast<asio::io_context&>(
      asio::query(stdin_.get_executor(), asio::execution::context));
  // A weak pointer: this object owns the child's watch, so the watch must not
  // own this object.
  const auto error =
      child_.start(context, plan, [weak = weak_from_this()](auto status) {
        if (auto self = weak.lock())
          self->exited(status);
      });
  if (error == 0) {
    progressed();
    read_stderr();
  }
  return error;
}

void backend::progressed() {
  last_progress_ = std::chrono::steady_clock::now();
}

// -- stdin and stdout ---------------------------------------------------------

void backend::write(std::span<const char> bytes, write_handler done) {
  asio::async_write(
      stdin_, asio::buffer(bytes.data(), bytes.size()),
      [self = shared_from_this()](const error_code& error, std::size_t) {
        self->progressed();
        return error ? 0 : gate_limits::pump_max_bytes;
      },
      [self = shared_from_this(),
       done = std::move(done)](const error_code& error, std::size_t) {
        if (!self->terminating_)
          done(!error);
      });
}

void backend::close_input() {
  error_code ignored;
  stdin_.close(ignored);
}

void backend::read(std::span<char> to, read_handler done) {
  reading_ = true;
  stdout_.async_read_some(asio::buffer(to.data(), to.size()),
                          [self = shared_from_this(), done = std::move(done)](
                              const error_code& error, std::size_t bytes) {
                            self->reading_ = false;
                            if (self->terminating_)
                              return self->heard_out(error, bytes);
                            self->progressed();
                            done(bytes); // bytes is 0 at an error, too
                          });
}

// Reads on after terminate(). If git could not write its last messages, SIGPIPE
// would end it, and after a signal git does not remove its temporary files. A
// backend that writes more than its last messages was in the middle of its
// output: its stdout is closed.
void backend::heard_out(const error_code& error, std::size_t bytes) {
  last_words_ += bytes;
  if (error || last_words_ > gate_limits::backend_last_words_max_bytes) {
    error_code ignored;
    stdout_.close(ignored);
    return;
  }
  if (!last_buffer_)
    last_buffer_ = std::make_unique_for_overwrite<char[]>(last_buffer_bytes);
  stdout_.async_read_some(
      asio::buffer(last_buffer_.get(), last_buffer_bytes),
      [self = shared_from_this()](const error_code& e, std::size_t n) {
        self->heard_out(e, n);
      });
}

// -- stderr -------------------------------------------------------------------

void backend::read_stderr() {
  if (!stderr_buffer_)
    stderr_buffer_ =
        std::make_unique_for_overwrite<char[]>(stderr_buffer_bytes);
  stderr_.async_read_some(
      asio::buffer(stderr_buffer_.get(), stderr_buffer_bytes),
      [self = shared_from_this()](const error_code& error, std::size_t bytes) {
        if (!self->stderr_.is_open())
          return;
        self->took_stderr({self->stderr_buffer_.get(), bytes});
        if (error)
          self->end_stderr();
        else
          self->read_stderr();
      });
}

// All of stderr is read, also what is not logged: git must not block on a full
// pipe.
void backend::took_stderr(std::string_view bytes) {
  if (!bytes.empty())
    progressed();
  for (const char c : bytes) {
    if (c == '\n' || c == '\r')
      end_line();
    else if (lines_ < gate_limits::backend_log_max_lines
             && line_.size() < gate_limits::backend_log_line_max_bytes)
      line_ += c;
    else
      ++unlogged_bytes_;
  }
}

void backend::end_line() {
  if (line_.empty())
    return;
  ++lines_;
  if (on_line_)
    on_line_(line_);
  line_.clear();
}

void backend::end_stderr() {
  end_line();
  error_code ignored;
  stderr_.close(ignored);
  if (unlogged_bytes_ > 0 && on_line_)
    on_line_("(" + std::to_string(unlogged_bytes_) + " more bytes)");
  end_if_over();
}

// -- ending -------------------------------------------------------------------

void backend::exited(exit_status status) {
  reaped_ = status;
  progressed();
  if (terminating_) { // a process that left the group may hold stdout
    error_code ignored;
    stdout_.close(ignored);
  }
  timer_.expires_after(gate_limits::backend_exit_grace);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->stderr_.is_open())
      self->end_stderr();
  });
  end_if_over();
}

void backend::end_if_over() {
  if (!reaped_ || stderr_.is_open())
    return;
  status_ = reaped_;
  timer_.cancel();
  if (auto done = std::exchange(on_exit_, nullptr))
    done();
}

void backend::abandon() {
  on_line_ = nullptr;
  on_exit_ = nullptr;
  terminate();
}

void backend::terminate() {
  if (std::exchange(terminating_, true))
    return;
  error_code ignored;
  stdin_.close(ignored);
  if (reaped_) // a process that left the group may hold stdout
    stdout_.close(ignored);
  else if (!reading_)
    heard_out({}, 0);
  child_.end_group();
}

} // namespace clearance::io
