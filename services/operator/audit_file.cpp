// A line is in the file whole or not at all: where the disk takes only a part,
// the part is cut off again, and the chain goes back to the line before. After
// a crash the part stays; the next start moves it to PATH.torn.
//
// The chain goes on across files. Where the newest file is empty or missing (a
// crash in the middle of a rotation, or logrotate while no hub ran), the last
// line is looked for in the other files of the trail.

#include "services/operator/audit_file.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/small_file.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

using protocol::audit_event;
using protocol::audit_record;

constexpr std::size_t ended_digits = 12;
constexpr auto file_component = "audit";

std::string phrase(const std::string& path, const std::string& why) {
  return "the audit trail " + protocol::escaped(path) + " " + why;
}

[[noreturn]] void fail_to(const char* what, const std::string& path) {
  throw audit_fault(phrase(path, std::string{"cannot be "} + what + ": "
                                     + protocol::error_text(errno)));
}

struct close_listing {
  void operator()(DIR* x) const noexcept { ::closedir(x); }
};

// The names in `directory` that begin with `prefix`.
std::vector<std::string> names_with(const std::string& directory,
                                    const std::string& prefix) {
  std::unique_ptr<DIR, close_listing> open{::opendir(directory.c_str())};
  if (!open)
    fail_to("listed", directory);
  std::vector<std::string> result;
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const auto* entry = ::readdir(open.get()))
    if (std::string_view{entry->d_name}.starts_with(prefix))
      result.emplace_back(entry->d_name);
  return result;
}

// `NAME.NNNNNNNNNNNN`: made by rotate().
bool is_ended(const std::string& name, const std::string& of) {
  const auto digits = std::string_view{name}.substr(of.size());
  return digits.size() == ended_digits + 1 && digits.front() == '.'
         && std::all_of(digits.begin() + 1, digits.end(),
                        [](char c) { return c >= '0' && c <= '9'; });
}

bool is_of_trail(const std::string& name, const std::string& of) {
  const auto rest = std::string_view{name}.substr(of.size());
  return rest.empty()
         || ((rest.front() == '.' || rest.front() == '-') && rest != ".lock"
             && rest != ".torn");
}

struct opened {
  io::unique_fd fd;
  std::size_t size = 0;
};

// Nothing if it is no regular file that can be read.
std::optional<opened> open_to_read(const std::string& path) {
  auto file = io::open_regular(AT_FDCWD, path);
  auto* found = std::get_if<io::regular_file>(&file);
  if (found == nullptr)
    return std::nullopt;
  return opened{std::move(found->fd),
                static_cast<std::size_t>(found->info.st_size)};
}

std::string read_at(int fd, std::size_t from, std::size_t size) {
  std::string result(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto n = ::pread(fd, result.data() + have, size - have,
                           static_cast<off_t>(from + have));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    have += static_cast<std::size_t>(n);
  }
  result.resize(have);
  return result;
}

// The end of a file: enough for two lines.
std::string end_of(const opened& x) {
  const auto size =
      std::min(x.size, 2 * protocol::operator_limits::audit_line_max_bytes);
  return read_at(x.fd.get(), x.size - size, size);
}

// 0: the line is no record.
std::uint64_t seq_of(std::string_view line) {
  auto parsed = protocol::parse_audit_line(line);
  const auto* known = std::get_if<protocol::audit_line>(&parsed);
  return known == nullptr ? 0 : known->seq;
}

std::string parent_directory(const std::string& path) {
  auto result = std::filesystem::path{path}.parent_path().string();
  return result.empty() ? "." : result;
}

} // namespace

audit_file::audit_file(audit_file_config config)
    : config_(std::move(config)),
      directory_(parent_directory(config_.path)),
      name_(std::filesystem::path{config_.path}.filename().string()),
      rotate_at_(config_.file_max_bytes) {
  lock();
  fd_ = open_file();
  if (!fd_)
    fail_to("opened", config_.path);
  resume();
  own_.push_back(record_of(audit_event::start, config_.version));
}

void audit_file::lock() {
  lock_ =
      io::unique_fd{::open((config_.path + ".lock").c_str(),
                           O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!lock_)
    fail_to("locked", config_.path);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0)
    return;
  if (errno == EWOULDBLOCK)
    throw audit_fault(phrase(config_.path,
                             "is written by another hub that runs; give each "
                             "hub a file of its own with --audit"));
  fail_to("locked", config_.path);
}

// Only we may read it, even if logrotate made it for all.
io::unique_fd audit_file::open_file() const {
  io::unique_fd result{::open(config_.path.c_str(),
                              O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC
                                  | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
                              0600)};
  struct stat info {};
  if (!result || ::fstat(result.get(), &info) != 0)
    return {};
  if (!S_ISREG(info.st_mode)) {
    errno = EINVAL;
    return {};
  }
  if ((info.st_mode & 0777U) != 0600 && ::fchmod(result.get(), 0600) != 0)
    return {};
  return result;
}

void audit_file::resume() {
  std::uint64_t newest = 0;
  std::string last_line;
  const auto look_at = [&](std::string_view end) {
    const auto tail = protocol::find_audit_tail(end);
    if (const auto seq = seq_of(tail.last_line); seq > newest) {
      newest = seq;
      last_line = tail.last_line;
    }
    return tail;
  };
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0)
    fail_to("read", config_.path);
  const auto size = static_cast<std::size_t>(info.st_size);
  const auto end = end_of({io::unique_fd{::dup(fd_.get())}, size});
  const auto tail = look_at(end);
  if (newest == 0 && size > tail.torn.size())
    throw audit_fault(phrase(
        config_.path, "is no audit trail: its last line is no record of one; "
                      "name another file, or move this one away"));
  if (newest == 0)
    for (const auto& name : names_with(directory_, name_))
      if (is_of_trail(name, name_) && name != name_)
        if (const auto other = open_to_read(directory_ + "/" + name))
          look_at(end_of(*other));
  if (newest > 0)
    chain_ = *protocol::audit_chain::resume(last_line);
  if (!tail.torn.empty())
    settle_torn_line(tail.torn, size);
}

void audit_file::settle_torn_line(std::string_view torn, std::size_t size) {
  const auto aside = config_.path + ".torn";
  const io::unique_fd to{
      ::open(aside.c_str(),
             O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  const auto text = std::string{torn} + "\n";
  if (!to
      || ::write(to.get(), text.data(), text.size())
             != static_cast<ssize_t>(text.size())
      || ::fsync(to.get()) != 0)
    fail_to("mended, because a line that was cut off cannot be moved to PATH"
            ".torn",
            config_.path);
  if (::ftruncate(fd_.get(), static_cast<off_t>(size - torn.size())) != 0)
    fail_to("mended", config_.path);
  auto record = record_of(audit_event::torn_line, aside);
  record.count = torn.size();
  own_.push_back(std::move(record));
  log(actors::severity::warning, file_component,
      "a line of the audit trail was cut off, as in a crash; it was set aside, "
      "and the trail goes on",
      {{"file", protocol::escaped(config_.path)},
       {"moved_to", protocol::escaped(aside)},
       {"bytes", std::to_string(torn.size())}});
}

audit_record audit_file::record_of(audit_event what, std::string text) const {
  audit_record result;
  result.event = what;
  result.time = config_.wall_clock();
  result.text = std::move(text);
  protocol::sanitise(result.text);
  return result;
}

std::string audit_file::encode(std::span<const audit_record> records) {
  std::string result;
  auto add = [&](audit_record x) {
    x.hub = config_.hub;
    x.boot = config_.boot;
    result += chain_.next(x);
  };
  for (const auto& x : own_)
    add(x);
  for (const auto& x : records)
    add(x);
  return result;
}

audit_result audit_file::write(std::span<const audit_record> records,
                               bool is_synced) {
  if (!fd_)
    if (auto why = reopen(); !why.empty())
      return {false, std::move(why)};
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0)
    return {false, protocol::error_text(errno)};
  auto before = chain_;
  auto bytes = encode(records);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > 0 && size + bytes.size() > rotate_at_) {
    chain_ = std::move(before);
    if (auto why = rotate(); !why.empty())
      return {false, std::move(why)};
    before = chain_;
    bytes = encode(records);
  }
  if (auto why = append(bytes); !why.empty()) {
    chain_ = std::move(before);
    return {false, std::move(why)};
  }
  own_.clear();
  if (is_synced && ::fdatasync(fd_.get()) != 0)
    return {true, protocol::error_text(errno)};
  return {true, {}};
}

// All of the bytes, or none.
std::string audit_file::append(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = ::write(fd_.get(), bytes.data() + done, bytes.size() - done);
    if (n > 0)
      done += static_cast<std::size_t>(n);
    else if (n == 0 || errno != EINTR)
      break;
  }
  if (done == bytes.size())
    return {};
  auto why = protocol::error_text(errno);
  struct stat info {};
  if (done > 0
      && (::fstat(fd_.get(), &info) != 0
          || ::ftruncate(fd_.get(), info.st_size - static_cast<off_t>(done))
                 != 0))
    // The next start sets the part aside.
    log(actors::severity::error, file_component,
        "a part of a line could not be removed from the audit trail",
        {{"file", protocol::escaped(config_.path)},
         {"why", protocol::error_text(errno)}});
  return why;
}

std::string audit_file::rotate() {
  auto number = std::to_string(chain_.seq());
  number.insert(0, ended_digits - std::min(ended_digits, number.size()), '0');
  const auto ended = name_ + "." + number;
  const auto record = record_of(audit_event::file_ended, ended);
  auto before = chain_;
  const auto bytes = encode({&record, 1});
  if (auto why = append(bytes); !why.empty()) {
    chain_ = std::move(before);
    return why;
  }
  own_.clear();
  if (::rename(config_.path.c_str(), (directory_ + "/" + ended).c_str()) != 0) {
    log(actors::severity::error, file_component,
        "the audit trail's file could not be renamed: it grows on",
        {{"file", protocol::escaped(config_.path)},
         {"why", protocol::error_text(errno)}});
    rotate_at_ += config_.file_max_bytes;
    return {};
  }
  rotate_at_ = config_.file_max_bytes;
  fd_.reset();
  if (auto why = reopen(); !why.empty())
    return why;
  tend();
  return {};
}

std::string audit_file::reopen() {
  struct stat ours {};
  struct stat found {};
  if (fd_ && ::fstat(fd_.get(), &ours) == 0
      && ::stat(config_.path.c_str(), &found) == 0
      && ours.st_dev == found.st_dev && ours.st_ino == found.st_ino)
    return {};
  auto next = open_file();
  if (!next)
    return protocol::error_text(errno);
  fd_ = std::move(next);
  rotate_at_ = config_.file_max_bytes;
  return {};
}

void audit_file::tend() try {
  std::vector<std::string> ended;
  for (auto& name : names_with(directory_, name_))
    if (is_ended(name, name_))
      ended.push_back(std::move(name));
  std::sort(ended.begin(), ended.end());
  const auto oldest_kept =
      config_.wall_clock() / 1'000'000 - config_.retention.count();
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const auto path = directory_ + "/" + ended[i];
    struct stat info {};
    const bool is_old =
        ::stat(path.c_str(), &info) == 0 && info.st_mtime < oldest_kept;
    if (!is_old && ended.size() - i <= config_.files_max)
      continue;
    const auto record = record_of(audit_event::file_removed, ended[i]);
    if (!write({&record, 1}, false).is_written)
      return;
    if (::unlink(path.c_str()) != 0)
      log(actors::severity::warning, file_component,
          "an old file of the audit trail could not be removed",
          {{"file", protocol::escaped(path)},
           {"why", protocol::error_text(errno)}});
  }
} catch (const audit_fault& x) {
  log(actors::severity::warning, file_component,
      "old files of the audit trail are not removed", {{"why", x.what()}});
}

std::vector<std::string> audit_files_of(const std::string& path) {
  const auto directory = parent_directory(path);
  const auto name = std::filesystem::path{path}.filename().string();
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const auto& each : names_with(directory, name)) {
    if (!is_of_trail(each, name))
      continue;
    const auto full =
        (std::filesystem::path{path}.parent_path() / each).string();
    const auto file = open_to_read(full);
    if (!file)
      continue;
    if (file->size == 0) { // it has no line yet, so it is the newest
      found.emplace_back(~std::uint64_t{0}, full);
      continue;
    }
    auto start = read_at(
        file->fd.get(), 0,
        std::min(file->size, protocol::operator_limits::audit_line_max_bytes));
    found.emplace_back(seq_of(start.substr(0, start.find('\n'))), full);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> result;
  result.reserve(found.size());
  for (auto& each : found)
    result.push_back(std::move(each.second));
  return result;
}

} // namespace clearance::services
