/// Reading files that are small, whole, and of a bounded size.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <cstddef>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <variant>

namespace clearance::io {

/// Why a file was not opened or read.
struct file_fault {
  int error = 0;   ///< an errno value; 0: the file itself is not fit
  std::string why; ///< a phrase without the file's name
};

/// A regular file that is open for reading, and what was known of it then.
struct regular_file {
  unique_fd fd;
  struct stat info {};
};

/// Opens `path` below the open directory `directory` (or AT_FDCWD). Anything
/// but a regular file is refused: a device may have no end, and a FIFO would
/// make the caller wait for a writer. `more_flags` are open(2)'s, for example
/// O_NOFOLLOW.
std::variant<regular_file, file_fault>
open_regular(int directory, const std::string& path, int more_flags = 0);

/// What `fd` has from its position on: at most `max_bytes` and one byte more,
/// so that the caller sees that the file is larger.
std::variant<std::string, file_fault> read_up_to(int fd, std::size_t max_bytes);

} // namespace clearance::io
