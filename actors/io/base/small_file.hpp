/// Reads small files whole, up to a given size.
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
  int error = 0;   ///< an errno value; 0: it is not a regular file
  std::string why; ///< a phrase without the file's name
};

/// A regular file that is open for reading, and its metadata at that moment.
struct regular_file {
  unique_fd fd;
  struct stat info {};
};

/// Opens `path` below the open directory `directory` (or AT_FDCWD). Only a
/// regular file is accepted: a device may have no end, and a FIFO would make
/// the caller wait for a writer. `more_flags` are flags of open(2), for example
/// O_NOFOLLOW.
std::variant<regular_file, file_fault>
open_regular(int directory, const std::string& path, int more_flags = 0);

/// Reads `fd` from its position on, up to `max_bytes` + 1 bytes. The one byte
/// more shows the caller that the file is larger.
std::variant<std::string, file_fault> read_up_to(int fd, std::size_t max_bytes);

} // namespace clearance::io
