/// Finds the sockets of hubs, and notices when they come and go.
#pragma once

#include "services/client/descriptor.hpp"

#include <set>
#include <string>
#include <vector>

namespace clearance::services {

class hub_finder {
public:
  /// Looks at `sockets` and, if `runtime` names a directory, at every place in
  /// it where a hub may have its socket. Source: clearance.md, section 1.
  hub_finder(std::vector<std::string> sockets, std::string runtime);

  /// Becomes readable when something may have changed.
  int fd() const noexcept { return inotify_.get(); }

  /// Whether a directory cannot be watched, because we may not read it or the
  /// kernel gives us no more watches. Then call look() from time to time.
  bool blind() const noexcept { return blind_; }

  /// Reads the notices and looks again. Returns the sockets that exist; one
  /// below `runtime` is returned once, even if it has several names. A change
  /// after look() makes fd() readable, because a directory is watched before it
  /// is read.
  std::vector<std::string> look();

private:
  void watch(const std::string& directory);
  /// Watches `directory`, or the last directory of its path that exists.
  void watch_nearest(const std::string& directory);
  void forget_old_watches();

  std::vector<std::string> sockets_;
  std::string runtime_; // empty: none
  bool blind_ = false;
  descriptor inotify_;
  std::set<int> watches_;
  std::set<int> seen_; // by the look() that runs
};

} // namespace clearance::services
