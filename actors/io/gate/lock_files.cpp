#include "actors/io/gate/lock_files.hpp"

#include "actors/base/log.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <chrono>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace fs = std::filesystem;

namespace {

// The kernel takes a file's time from a clock that ticks 100 times a second or
// more often.
constexpr auto clock_tick = std::chrono::milliseconds{10};

bool is_our_lock(const fs::path& path, fs::file_time_type begun) {
  struct stat info {};
  if (path.extension() != ".lock" || ::lstat(path.c_str(), &info) != 0
      || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid())
    return false;
  std::error_code error; // it may be gone by now
  const auto changed = fs::last_write_time(path, error);
  return !error && changed + clock_tick < begun;
}

} // namespace

lock_search::lock_search(fs::path repository)
    : repository_(std::move(repository)),
      begun_(fs::file_time_type::clock::now()) {
  std::error_code ignored;
  top_ = fs::directory_iterator(repository_, ignored);
  refs_ = fs::recursive_directory_iterator(repository_ / "refs", ignored);
}

// What cannot be read is passed over: the end comes early then.
template <class Iterator>
bool lock_search::look_at(Iterator& at, std::size_t& files) {
  for (; at != Iterator{} && searched_ < lock_search_max_files; ++searched_) {
    if (files-- == 0)
      return true;
    if (is_our_lock(at->path(), begun_))
      found_.push_back(at->path().string());
    std::error_code error;
    at.increment(error);
    if (error)
      at = {};
  }
  return false;
}

bool lock_search::look(std::size_t files) {
  return look_at(top_, files) || look_at(refs_, files);
}

void lock_search::report() const {
  if (found_.empty())
    return;
  log(actors::severity::warning, "gate",
      "lock files lie in the repository: a git that was killed has left them, "
      "and pushes to what they lock will fail. They are older than this gate. "
      "If no other program works on the repository, remove them",
      {{"first",
        protocol::escaped(*std::min_element(found_.begin(), found_.end()))},
       {"files", std::to_string(found_.size())}});
}

void warn_of_locks(const std::string& repository) {
  lock_search search{repository};
  while (search.look(lock_search_max_files))
    continue;
  search.report();
}

} // namespace clearance::io
