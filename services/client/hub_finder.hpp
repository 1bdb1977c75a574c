/// Finds the sockets of hubs, and notices when they come and go.
#pragma once

#include "services/client/descriptor.hpp"

#include <set>
#include <string>
#include <vector>

namespace clearance::services {

class hub_finder {
public:
  /// Looks at `sockets` and, with a `runtime` directory, at every place below
  /// it where a hub may have its socket. Source: clearance.md, section 1.
  hub_finder(std::vector<std::string> sockets, std::string runtime);

  /// Becomes readable when something may have changed.
  int fd() const noexcept { return inotify_.get(); }

  /// Whether something cannot be watched, for want of permission or because
  /// the kernel has no more watches for us. Then look() now and then.
  bool blind() const noexcept { return blind_; }

  /// Takes the notices and looks anew. Returns the sockets that are there,
  /// those below `runtime` once, whatever the number of their names. A change
  /// behind look() makes fd() readable: directories are watched before they are
  /// read.
  std::vector<std::string> look();

private:
  void watch(const std::string& directory);
  /// Watches what is there of `directory` and the way to it.
  void watch_nearest(const std::string& directory);
  void forget_old_watches();

  std::vector<std::string> sockets_;
  std::string runtime_; // empty: none
  bool blind_ = false;
  descriptor inotify_;
  std::set<int> watches_;
  std::set<int> seen_; // by this look()
};

} // namespace clearance::services
