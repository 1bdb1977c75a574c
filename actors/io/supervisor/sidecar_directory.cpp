// The watch starts before the directory is listed for the first time, so no
// change is missed. A file may be reported twice; its digest shows that nothing
// changed. When the kernel's queue overflows, the directory is listed again,
// which finds what was lost. A file is read when its writer closes it. The
// first listing may find a file that is half written: it is reported as bad,
// and again when it is closed. If a file cannot be read because descriptors or
// memory ran out, it is read again later; until then its old content counts.

#include "actors/io/supervisor/sidecar_directory.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/ran_out.hpp"
#include "actors/io/supervisor/sidecar_file.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/send.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <optional>
#include <set>
#include <string_view>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t appears = IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB;
constexpr std::uint32_t vanishes = IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t lost =
    IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

constexpr auto component = "supervisor";

bool is_sidecar(std::string_view name) {
  return name.ends_with(".json") && !name.starts_with('.');
}

// Nothing if the directory cannot be read; then errno says why.
std::optional<std::set<std::string>> list(int directory) {
  unique_fd fd{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  auto* stream = fd ? ::fdopendir(fd.get()) : nullptr;
  if (stream == nullptr)
    return std::nullopt;
  fd.release(); // closedir() closes it
  std::set<std::string> result;
  while (const auto* entry = ::readdir(stream)) // NOLINT(concurrency-mt-unsafe)
    if (is_sidecar(static_cast<const char*>(entry->d_name)))
      result.emplace(static_cast<const char*>(entry->d_name));
  ::closedir(stream);
  return result;
}

} // namespace

class sidecar_directory::watch : public std::enable_shared_from_this<watch> {
public:
  watch(asio::io_context& context, int directory, unique_fd inotify,
        std::string path, actors::sidecar_watcher owner)
      : inotify_(context, inotify.get()),
        timer_(context),
        directory_(directory),
        path_(std::move(path)),
        owner_(std::move(owner)) {
    inotify.release();
  }

  void look_at_all() {
    const auto there = list(directory_);
    if (!there)
      return not_listed(errno);
    for (const auto& name : std::set(known_))
      if (!there->contains(name))
        gone(name);
    for (const auto& name : *there)
      read(name);
  }

  void tell_read() { caf::anon_send(owner_, actors::sidecars_read{}); }

  void wait() {
    inotify_.async_wait(asio::posix::descriptor_base::wait_read,
                        [self = shared_from_this()](auto error) {
                          if (!error && self->owner_ && self->drain())
                            self->wait();
                        });
  }

  void close() {
    owner_ = nullptr;
    boost::system::error_code ignored;
    inotify_.close(ignored);
    timer_.cancel();
  }

private:
  // False: no more events will come.
  bool drain() {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    ssize_t n = 0;
    while ((n = ::read(inotify_.native_handle(), buffer.data(), buffer.size()))
           > 0)
      for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
        inotify_event change;
        std::memcpy(&change, buffer.data() + at, sizeof(change));
        const char* name = buffer.data() + at + sizeof(change);
        if (!judge(change.mask, change.len > 0 ? name : ""))
          return false;
        at += sizeof(change) + change.len;
      }
    return true;
  }

  bool judge(std::uint32_t mask, const std::string& name) {
    if ((mask & lost) != 0) {
      caf::anon_send(owner_, actors::sidecars_lost{"the sidecar directory "
                                                   + protocol::escaped(path_)
                                                   + " is gone"});
      return false;
    }
    if ((mask & IN_Q_OVERFLOW) != 0)
      look_at_all();
    else if (is_sidecar(name) && (mask & vanishes) != 0)
      gone(name);
    else if (is_sidecar(name) && (mask & appears) != 0)
      read(name);
    return true;
  }

  void gone(const std::string& name) {
    waiting_.erase(name);
    if (known_.erase(name) > 0)
      caf::anon_send(owner_, actors::sidecar_gone{name});
  }

  // If the file has vanished again, inotify reports that, too.
  void read(const std::string& name) {
    auto text = read_sidecar(directory_, name, file_trust::ours);
    if (auto* fault = std::get_if<unread_sidecar>(&text)) {
      if (fault->ran_out)
        not_read(name, fault->why.why);
      else if (::faccessat(directory_, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW)
               == 0)
        caf::anon_send(owner_,
                       actors::sidecar_bad{name, std::move(fault->why)});
      return;
    }
    auto& bytes = std::get<std::string>(text);
    auto parsed = protocol::parse_sidecar(bytes);
    const auto digest = protocol::sha256(bytes);
    protocol::wipe(bytes);
    known_.insert(name);
    if (auto* fault = std::get_if<protocol::sidecar_fault>(&parsed))
      caf::anon_send(owner_, actors::sidecar_bad{name, std::move(*fault)});
    else
      caf::anon_send(owner_,
                     actors::sidecar_seen{
                         name,
                         std::make_shared<const protocol::sidecar>(
                             std::get<protocol::sidecar>(std::move(parsed))),
                         digest});
  }

  // -- files that wait until descriptors or memory are free
  // ---------------------

  void not_listed(int error) {
    if (!tried_again_)
      log(actors::severity::error, component,
          "cannot list the sidecar directory",
          {{"why", protocol::error_text(error)}});
    if (!ran_out(error))
      return;
    unlisted_ = true;
    try_again();
  }

  void not_read(const std::string& name, std::string_view why) {
    if (waiting_.insert(name).second && !was_waiting_.contains(name))
      log(actors::severity::error, component,
          "cannot read a sidecar, trying again",
          {{"file", protocol::escaped(name)}, {"why", why}});
    try_again();
  }

  // A file is logged when it begins to wait, not at each try.
  void try_again() {
    if (std::exchange(resting_, true))
      return;
    timer_.expires_after(protocol::limits::accept_backoff);
    timer_.async_wait([self = shared_from_this()](auto error) {
      if (!error && self->owner_)
        self->look_at_waiting();
    });
  }

  void look_at_waiting() {
    resting_ = false;
    was_waiting_ = std::exchange(waiting_, {});
    tried_again_ = std::exchange(unlisted_, false);
    if (tried_again_)
      look_at_all();
    else
      for (const auto& name : was_waiting_)
        read(name);
    was_waiting_.clear();
    tried_again_ = false;
  }

  asio::posix::stream_descriptor inotify_;
  asio::steady_timer timer_;
  int directory_; // owned by inotify_; not used after close()
  std::string path_;
  actors::sidecar_watcher owner_;
  std::set<std::string> known_;   // files whose vanishing must be reported
  std::set<std::string> waiting_; // files that are still to be read
  // the files of waiting_ that are being tried again now
  std::set<std::string> was_waiting_;
  bool unlisted_ = false; // the directory is still to be listed
  bool tried_again_ = false;
  bool resting_ = false;
};

std::variant<std::unique_ptr<sidecar_directory>, std::string>
sidecar_directory::open(const std::string& path) {
  const auto fail = [&](const char* what) {
    return "cannot " + std::string{what} + " the sidecar directory "
           + protocol::escaped(path) + ": " + protocol::error_text(errno);
  };
  unique_fd inotify{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!inotify
      || ::inotify_add_watch(inotify.get(), path.c_str(),
                             appears | vanishes | IN_DELETE_SELF | IN_MOVE_SELF
                                 | IN_ONLYDIR)
             < 0)
    return fail("watch");
  unique_fd directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory)
    return fail("open");
  return std::unique_ptr<sidecar_directory>{
      new sidecar_directory{path, std::move(directory), std::move(inotify)}};
}

sidecar_directory::sidecar_directory(std::string path, unique_fd directory,
                                     unique_fd inotify)
    : path_(std::move(path)),
      directory_(std::move(directory)),
      inotify_(std::move(inotify)) {
  // nop
}

sidecar_directory::~sidecar_directory() {
  if (watch_)
    watch_->close();
}

void sidecar_directory::start(actors::sidecar_watcher owner) {
  watch_ =
      std::make_shared<watch>(*context_, directory_.get(), std::move(inotify_),
                              path_, std::move(owner));
  watch_->look_at_all();
  watch_->tell_read();
  watch_->wait();
}

} // namespace clearance::io
