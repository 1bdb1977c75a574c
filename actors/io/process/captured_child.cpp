#include "actors/io/process/captured_child.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
using boost::system::error_code;

class captured_child::run : public std::enable_shared_from_this<run> {
public:
  run(asio::io_context& ioc, captured_config config)
      : ioc_(ioc), config_(std::move(config)), stderr_(ioc), timer_(ioc) {
    // nop
  }

  void start(done_handler done) {
    done_ = std::move(done);
    result_.spawn_errno = try_start();
    result_.started = result_.spawn_errno == 0;
    if (!result_.started) {
      asio::post(ioc_, [self = shared_from_this()] { self->finish(); });
      return;
    }
    read_stderr();
    arm(config_.time_limit, [](run& self) { self.time_is_up(); });
  }

  void cancel() noexcept { child_.kill_group(); }

  // The pending operations keep this object alive until they have ended.
  void abandon() {
    done_ = nullptr;
    child_ = {};
    finish();
  }

  pid_t pid() const noexcept { return child_.pid(); }

private:
  int try_start() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return errno;
    unique_fd read_end(ends[0]);
    unique_fd write_end(ends[1]);
    unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null)
      return errno;
    error_code ec;
    stderr_.assign(read_end.get(), ec);
    if (ec)
      return ec.value();
    read_end.release();
    spawn_plan plan{config_.program, config_.argv, config_.environment,
                    null.get(),      null.get(),   write_end.get()};
    // if we die, nobody else ends the child at its limit
    plan.dies_with_us = true;
    return child_.start(ioc_, plan, [this](exit_status x) { exited(x); });
  }

  void read_stderr() {
    stderr_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](error_code ec, std::size_t n) {
          self->took(ec, n);
        });
  }

  // What is beyond the limit is read and dropped, because the child would block
  // on a full pipe.
  void took(error_code ec, std::size_t n) {
    auto room = config_.stderr_max_bytes - result_.stderr_bytes.size();
    result_.stderr_bytes.append(buffer_.data(), std::min(n, room));
    if (!ec)
      return read_stderr();
    eof_ = true;
    finish_if_complete();
  }

  void exited(exit_status status) {
    result_.status = status;
    arm(config_.pipe_grace, [](run& self) { self.finish(); });
    finish_if_complete();
  }

  void time_is_up() {
    result_.timed_out = true;
    child_.kill_group();
    arm(config_.pipe_grace, [](run& self) { self.finish(); });
  }

  void finish_if_complete() {
    if (result_.status && eof_)
      finish();
  }

  void finish() {
    auto self = shared_from_this(); // `done` may drop the last other handle
    error_code ignored;
    stderr_.close(ignored);
    timer_.cancel();
    if (auto done = std::exchange(done_, nullptr))
      done(std::move(result_));
  }

  // A handler that was queued before the timer was set anew can tell by the
  // number.
  void arm(std::chrono::milliseconds time, void (*action)(run&)) {
    auto round = ++timer_round_;
    timer_.expires_after(time);
    timer_.async_wait(
        [self = shared_from_this(), action, round](error_code ec) {
          if (!ec && round == self->timer_round_ && self->done_)
            action(*self);
        });
  }

  asio::io_context& ioc_;
  captured_config config_;
  asio::posix::stream_descriptor stderr_;
  asio::steady_timer timer_;
  unsigned timer_round_ = 0;
  done_handler done_;
  captured_result result_;
  bool eof_ = false;
  std::array<char, 4096> buffer_;
  child_process child_; // the last member, because its callbacks use the others
};

captured_child::captured_child(asio::io_context& ioc, captured_config config)
    : run_(std::make_shared<run>(ioc, std::move(config))) {
  // nop
}

captured_child::~captured_child() {
  if (run_)
    run_->abandon();
}

void captured_child::start(done_handler done) {
  run_->start(std::move(done));
}

void captured_child::cancel() noexcept {
  run_->cancel();
}

pid_t captured_child::pid() const noexcept {
  return run_->pid();
}

} // namespace clearance::io
