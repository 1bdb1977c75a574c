/// Tells a socket's file from a later one at the same path.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

namespace clearance::services {

/// Differs between a socket and a later one at the same path, also where the
/// file system has given the later one the same inode.
struct socket_identity {
  dev_t device = 0;
  ino_t inode = 0;
  time_t seconds = 0;
  long nanoseconds = 0;

  socket_identity() noexcept = default;
  explicit socket_identity(const struct stat& x) noexcept
      : device(x.st_dev),
        inode(x.st_ino),
        seconds(x.st_ctim.tv_sec),
        nanoseconds(x.st_ctim.tv_nsec) {
    // nop
  }

  friend bool operator==(const socket_identity&,
                         const socket_identity&) = default;
};

} // namespace clearance::services
