// What `podman events` prints is not parsed: each output only says that the
// containers have to be listed again. So nothing can be missed by a form of
// event that we do not know, and a list is always whole. While a list is being
// read, all events together cause one more list.
//
// `podman events` may miss what happens while it starts. So the containers are
// listed once more a little later. Where podman keeps no events, it fails; then
// the containers are listed at each try to start it again.

#include "actors/io/supervisor/podman_lister.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "actors/io/process/child.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/process/find_program.hpp"
#include "protocol/supervisor/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace clearance::io {

namespace asio = boost::asio;
namespace lister_limits = protocol::supervisor_limits;
using boost::system::error_code;

namespace podman {

/// One of the child's streams that we read.
class child_output {
public:
  explicit child_output(asio::io_context& context) : stream_(context) {
    // nop
  }

  /// Returns the end for the child, or none; then errno says why.
  unique_fd open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return {};
    unique_fd read_end{ends[0]};
    unique_fd write_end{ends[1]};
    error_code ec;
    stream_.assign(read_end.get(), ec);
    if (ec) {
      errno = ec.value();
      return {};
    }
    read_end.release();
    return write_end;
  }

  void close() {
    error_code ignored;
    stream_.close(ignored);
  }

  asio::posix::stream_descriptor& stream() noexcept { return stream_; }
  std::array<char, 4096> buffer{};

private:
  asio::posix::stream_descriptor stream_;
};

/// A run of podman. The pending operations keep it alive.
class run : public std::enable_shared_from_this<run> {
public:
  /// `heard` gets what podman prints. `ended` is called once, after the end of
  /// all output: empty if podman ended with 0, else why not.
  struct handlers {
    std::function<void(std::string_view)> heard;
    std::function<void(std::string)> ended;
  };

  run(asio::io_context& context, handlers to)
      : context_(context), to_(std::move(to)), out_(context), err_(context) {
    // nop
  }

  /// An empty text, or why podman was not started; then `ended` is not called.
  std::string start(const std::string& program,
                    std::vector<std::string> words) {
    const auto path = find_program(program);
    if (path.empty())
      return "there is no program " + program;
    const unique_fd out = out_.open();
    const unique_fd err = out ? err_.open() : unique_fd{};
    const unique_fd null{err ? ::open("/dev/null", O_RDONLY | O_CLOEXEC) : -1};
    if (!null)
      return protocol::error_text(errno);
    words.insert(words.begin(), program);
    spawn_plan plan{path,       std::move(words), own_environment(),
                    null.get(), out.get(),        err.get()};
    plan.dies_with_us = true;
    const auto error = child_.start(context_, plan, [this](exit_status x) {
      status_ = x;
      end_if_complete();
    });
    if (error != 0)
      return protocol::error_text(error);
    read(out_, [this](std::string_view x) { to_.heard(x); });
    read(err_, [this](std::string_view x) {
      const auto room = lister_limits::podman_stderr_max_bytes - said_.size();
      said_.append(x.substr(0, room));
    });
    return {};
  }

  void abandon() {
    to_ = {};
    child_ = {};
    out_.close();
    err_.close();
  }

private:
  void read(child_output& from, std::function<void(std::string_view)> to) {
    from.stream().async_read_some(
        asio::buffer(from.buffer),
        [self = shared_from_this(), &from, to = std::move(to)](error_code ec,
                                                               std::size_t n) {
          if (!self->to_.ended)
            return;
          if (!ec) {
            to({from.buffer.data(), n});
            if (self->to_.ended)
              self->read(from, to);
            return;
          }
          from.close();
          self->end_if_complete();
        });
  }

  void end_if_complete() {
    if (!status_ || out_.stream().is_open() || err_.stream().is_open()
        || !to_.ended)
      return;
    std::string why;
    if (status_->signaled || status_->value != 0)
      why = (status_->signaled ? "signal " : "exit code ")
            + std::to_string(status_->value)
            + (said_.empty() ? "" : ": " + said_);
    const auto self = shared_from_this(); // `ended` may drop the last other one
    const auto ended = std::exchange(to_, {}).ended;
    ended(std::move(why));
  }

  asio::io_context& context_;
  handlers to_;
  child_output out_;
  child_output err_;
  std::string said_;
  std::optional<exit_status> status_;
  child_process child_; // the last member, because its callback uses the others
};

} // namespace podman

class podman_lister::following
    : public std::enable_shared_from_this<following> {
public:
  following(asio::io_context& context, std::string program,
            actors::container_list_owner owner)
      : context_(context),
        program_(std::move(program)),
        owner_(std::move(owner)),
        again_(context),
        limit_(context) {
    // nop
  }

  void start() {
    follow();
    list();
  }

  void close() {
    owner_ = nullptr;
    again_.cancel();
    limit_.cancel();
    for (auto* run : {&events_, &listing_})
      if (auto x = std::exchange(*run, nullptr))
        x->abandon();
  }

private:
  void follow() {
    auto started = std::make_shared<podman::run>(
        context_, podman::run::handlers{
                      [this](std::string_view) {
                        blind_ = false;
                        list();
                      },
                      [self = weak_from_this()](const std::string& why) {
                        if (auto x = self.lock())
                          x->events_ended(why);
                      }});
    auto why = started->start(
        program_, {"events", "--filter", "type=container", "--filter",
                   "event=start", "--filter", "event=died", "--filter",
                   "event=remove", "--filter", "event=rename"});
    if (!why.empty())
      return events_ended(why);
    events_ = std::move(started);
    // The events' program may have begun to look after something happened.
    after(lister_limits::podman_settle_time,
          [](following& self) { self.list(); });
  }

  void events_ended(const std::string& why) {
    events_ = nullptr;
    if (!std::exchange(blind_, true))
      log(actors::severity::warning, "supervisor",
          "cannot follow podman's events, so containers are listed every "
          "few seconds",
          {{"why", protocol::escaped(why.empty() ? "podman ended" : why)}});
    after(lister_limits::podman_retry_delay, [](following& self) {
      self.follow();
      self.list();
    });
  }

  void list() {
    if (listing_) {
      once_more_ = true;
      return;
    }
    text_.clear();
    auto started = std::make_shared<podman::run>(
        context_, podman::run::handlers{
                      [this](std::string_view x) { take(x); },
                      [self = weak_from_this()](const std::string& why) {
                        if (auto x = self.lock())
                          x->listed(why);
                      }});
    auto why = started->start(program_, {"ps", "--no-trunc", "--format",
                                         protocol::container_list_format});
    if (!why.empty())
      return not_listed(why);
    listing_ = std::move(started);
    limit_.expires_after(lister_limits::podman_list_time_max);
    limit_.async_wait([self = weak_from_this()](error_code ec) {
      if (auto x = self.lock(); x && !ec && x->listing_) {
        std::exchange(x->listing_, nullptr)->abandon();
        x->not_listed("it did not end in time");
      }
    });
  }

  // The list of sidecars_max containers is far shorter.
  void take(std::string_view x) {
    const auto room = lister_limits::podman_list_max_bytes - text_.size();
    text_.append(x.substr(0, std::min(room, x.size())));
  }

  void listed(const std::string& why) {
    listing_ = nullptr;
    limit_.cancel();
    if (!why.empty())
      return not_listed(why);
    unlisted_ = false;
    caf::anon_send(owner_, actors::containers_listed{
                               protocol::parse_container_list(text_)});
    if (std::exchange(once_more_, false))
      list();
  }

  void not_listed(const std::string& why) {
    once_more_ = false;
    tell_unlisted("podman ps: " + why);
    after(lister_limits::podman_retry_delay, [](following& self) {
      if (!self.events_)
        self.follow();
      self.list();
    });
  }

  // Once, until a list could be read again.
  void tell_unlisted(std::string why) {
    if (owner_ && !std::exchange(unlisted_, true))
      caf::anon_send(owner_, actors::containers_unlisted{std::move(why)});
  }

  // A timer that is set again forgets what it was set for.
  void after(std::chrono::milliseconds time, void (*action)(following&)) {
    again_.expires_after(time);
    again_.async_wait([self = weak_from_this(), action](error_code ec) {
      if (auto x = self.lock(); x && !ec && x->owner_)
        action(*x);
    });
  }

  asio::io_context& context_;
  std::string program_;
  actors::container_list_owner owner_;
  asio::steady_timer again_;
  asio::steady_timer limit_;
  std::shared_ptr<podman::run> events_;
  std::shared_ptr<podman::run> listing_;
  std::string text_; // what the listing run has printed
  bool once_more_ = false;
  bool unlisted_ = false; // said since the last list
  bool blind_ = false;    // said since the last event
};

podman_lister::podman_lister(asio::io_context& context, std::string program)
    : context_(context), program_(std::move(program)) {
  // nop
}

podman_lister::~podman_lister() {
  if (following_)
    following_->close();
}

void podman_lister::start(actors::container_list_owner owner) {
  following_ =
      std::make_shared<following>(context_, program_, std::move(owner));
  following_->start();
}

} // namespace clearance::io
