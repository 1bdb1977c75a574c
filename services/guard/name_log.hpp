/// Follows the query log of a container's dnsmasq.
#pragma once

#include "protocol/guard/dnsmasq_log.hpp"
#include "protocol/guard/name_labels.hpp"

#include <string>
#include <sys/types.h>

namespace clearance::services {

class name_log {
public:
  /// An empty `path`: there is no log.
  explicit name_log(std::string path) : path_(std::move(path)) {
    // nop
  }

  /// Adds what was written since the last call; at most
  /// guard_limits::name_log_max_bytes from the log's end. A log that is not
  /// there yet, or was replaced or cut, is read when it is there.
  void add_new(protocol::name_labels& to);

private:
  std::string path_;
  ino_t inode_ = 0;
  off_t at_ = 0; // the first byte that was not read; begins a line
  protocol::dnsmasq_log lines_;
};

} // namespace clearance::services
