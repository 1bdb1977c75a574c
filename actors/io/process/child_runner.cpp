#include "actors/io/process/child_runner.hpp"

#include "actors/io/process/child.hpp"
#include "actors/io/process/find_program.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <unistd.h>
#include <utility>
#include <vector>

namespace clearance::io {

namespace asio = boost::asio;
using boost::system::error_code;
using how = actors::process_ended::how;

namespace {

// One run. The pending operations keep it alive until they have ended.
class child_run : public std::enable_shared_from_this<child_run> {
public:
  child_run(asio::io_context& context, actors::process_id id,
            actors::process_spec spec,
            std::function<void(actors::process_ended)> done,
            std::chrono::milliseconds pipe_grace)
      : context_(context),
        spec_(std::move(spec)),
        pipe_grace_(pipe_grace),
        done_(std::move(done)),
        stderr_(context),
        timer_(context) {
    result_.id = id;
  }

  void start() {
    auto program = find_program(spec_.program);
    for (auto& other : spec_.other_programs)
      if (program.empty() && !(program = find_program(other)).empty())
        spec_.program = std::move(other);
    result_.what = program.empty() ? how::not_found : how::not_spawned;
    result_.code = program.empty() ? 0 : try_start(program);
    if (program.empty() || result_.code != 0) {
      asio::post(context_, [self = shared_from_this()] { self->finish(); });
      return;
    }
    // set here, so that it stays if the leader cannot be ended
    result_.what = how::timed_out;
    read_stderr();
    arm(spec_.time_limit, [](child_run& self) { self.time_is_up(); });
  }

  void abandon() {
    done_ = nullptr;
    child_ = {};
    finish();
  }

private:
  // 0, or an errno.
  int try_start(const std::string& program) {
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
    const auto out = spec_.keeps_stdout ? write_end.get() : null.get();
    spawn_plan plan{program, spec_.arguments, own_environment(), null.get(),
                    out,     write_end.get()};
    plan.argv.insert(plan.argv.begin(), spec_.program);
    // if this process dies, nobody else ends the child at its limit
    plan.dies_with_us = true;
    return child_.start(context_, plan, [this](exit_status x) { exited(x); });
  }

  void read_stderr() {
    stderr_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](error_code ec, std::size_t n) {
          self->took(ec, n);
        });
  }

  // Bytes beyond the limit are read and dropped, because the child would block
  // on a full pipe.
  void took(error_code ec, std::size_t n) {
    auto room = spec_.stderr_max_bytes - result_.stderr_bytes.size();
    result_.stderr_bytes.append(buffer_.data(), std::min(n, room));
    if (!ec)
      return read_stderr();
    stderr_ended_ = true;
    finish_if_complete();
  }

  // An exit after the time limit is still a time-out.
  void exited(exit_status status) {
    exited_ = true;
    if (!time_is_up_) {
      result_.what = status.signaled ? how::signalled : how::exited;
      result_.code = status.value;
    }
    arm(pipe_grace_, [](child_run& self) { self.finish(); });
    finish_if_complete();
  }

  void time_is_up() {
    time_is_up_ = true;
    child_.kill_group();
    arm(pipe_grace_, [](child_run& self) { self.finish(); });
  }

  void finish_if_complete() {
    if (exited_ && stderr_ended_)
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

  // A handler may be queued already when the timer is set again. Its number
  // tells.
  void arm(std::chrono::milliseconds time, void (*action)(child_run&)) {
    auto round = ++timer_round_;
    timer_.expires_after(time);
    timer_.async_wait(
        [self = shared_from_this(), action, round](error_code ec) {
          if (!ec && round == self->timer_round_ && self->done_)
            action(*self);
        });
  }

  asio::io_context& context_;
  actors::process_spec spec_;
  std::chrono::milliseconds pipe_grace_;
  std::function<void(actors::process_ended)> done_;
  asio::posix::stream_descriptor stderr_;
  asio::steady_timer timer_;
  unsigned timer_round_ = 0;
  actors::process_ended result_;
  bool time_is_up_ = false;
  bool exited_ = false;
  bool stderr_ended_ = false;
  std::array<char, 4096> buffer_;
  child_process child_; // the last member, because its callbacks use the others
};

// The owner's handle of a run.
class run_handle final : public actors::process {
public:
  explicit run_handle(std::shared_ptr<child_run> run) noexcept
      : run_(std::move(run)) {
    // nop
  }

  ~run_handle() override { run_->abandon(); }

private:
  std::shared_ptr<child_run> run_;
};

} // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> result;
  for (auto x = environ; x != nullptr && *x != nullptr; ++x)
    result.emplace_back(*x);
  return result;
}

actors::process_ptr run_child(asio::io_context& context, actors::process_id id,
                              actors::process_spec spec,
                              std::function<void(actors::process_ended)> done,
                              std::chrono::milliseconds pipe_grace) {
  auto run = std::make_shared<child_run>(context, id, std::move(spec),
                                         std::move(done), pipe_grace);
  auto result = std::make_unique<run_handle>(run);
  run->start();
  return result;
}

} // namespace clearance::io
