#include "services/client/hub_finder.hpp"

#include "services/process/paths.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

// After any notice of inotify everything is looked at again. Hubs are few, and
// so the set of watches is the only state that must agree with the file system.
namespace clearance::services {

namespace fs = std::filesystem;

namespace {

constexpr unsigned notices = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM
                             | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string parent_of(const std::string& path) {
  auto parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// `directory`, or its nearest parent that exists.
std::string nearest_directory(std::string directory) {
  while (!is_directory(directory) && directory != parent_of(directory))
    directory = parent_of(directory);
  return directory;
}

/// The names in `directory`, as paths; none if it cannot be read.
std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> result;
  std::error_code error;
  fs::directory_iterator i(directory, error);
  while (!error && i != fs::directory_iterator{}) {
    result.push_back(i->path().string());
    i.increment(error);
  }
  return result;
}

class collector {
public:
  /// A socket that the user named.
  void add(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) {
      known_.emplace(found.st_dev, found.st_ino);
      paths_.push_back(path);
    }
  }

  /// A socket that was found. A second name of a known socket is left out.
  void add_other(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)
        && known_.emplace(found.st_dev, found.st_ino).second)
      paths_.push_back(path);
  }

  std::vector<std::string> take() { return std::move(paths_); }

private:
  std::set<std::pair<dev_t, ino_t>> known_;
  std::vector<std::string> paths_;
};

} // namespace

hub_finder::hub_finder(std::vector<std::string> sockets, std::string runtime)
    : sockets_(std::move(sockets)),
      runtime_(std::move(runtime)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  // nop
}

std::vector<std::string> hub_finder::look() {
  std::array<char, 4096> ignored{};
  while (::read(inotify_.get(), ignored.data(), ignored.size()) > 0) {
    // nop
  }
  seen_.clear();
  blind_ = !inotify_;
  collector found;
  for (const auto& path : sockets_) {
    watch_nearest(parent_of(path));
    found.add(path);
  }
  if (!runtime_.empty()) {
    auto base = containers_directory(runtime_);
    watch_nearest(runtime_);
    watch_nearest(base);
    found.add_other(default_clearance_socket(runtime_));
    for (const auto& path : entries(base)) {
      if (is_directory(path)) {
        watch(path);
        found.add_other(path + "/hub.sock");
      } else if (path.ends_with(".sock")) {
        found.add_other(path);
      }
    }
  }
  forget_old_watches();
  return found.take();
}

void hub_finder::watch(const std::string& directory) {
  // The same directory has the same watch.
  auto id = ::inotify_add_watch(inotify_.get(), directory.c_str(), notices);
  if (id >= 0)
    seen_.insert(id);
  else if (errno != ENOENT && errno != ENOTDIR)
    blind_ = true;
}

void hub_finder::watch_nearest(const std::string& directory) {
  for (;;) {
    auto nearest = nearest_directory(directory);
    watch(nearest);
    // A directory that was made before the watch existed was not noticed.
    if (nearest_directory(directory) == nearest)
      return;
  }
}

void hub_finder::forget_old_watches() {
  for (int id : watches_)
    if (!seen_.contains(id))
      ::inotify_rm_watch(inotify_.get(), id);
  watches_ = seen_;
}

} // namespace clearance::services
