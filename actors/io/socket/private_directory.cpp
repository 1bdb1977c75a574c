#include "actors/io/socket/private_directory.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::io {

namespace {

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
  return text.data();
}

// The umask can remove bits of mkdir's mode; chmod sets them again.
bool make_directory(const std::string& path, mode_t mode) {
  return ::mkdir(path.c_str(), mode) == 0 && ::chmod(path.c_str(), mode) == 0;
}

// The outermost missing directory is made first. Only the last one is private.
// Others may be shared: if root makes /run/user, all other users must still be
// able to enter it.
bool make_directories(const std::string& path, mode_t mode) {
  if (make_directory(path, mode) || errno == EEXIST)
    return true;
  if (errno != ENOENT)
    return false;
  const auto parent = std::filesystem::path{path}.parent_path().string();
  if (parent.empty() || parent == path || !make_directories(parent, 0755))
    return false;
  return make_directory(path, mode) || errno == EEXIST;
}

std::string cannot(const char* what, const std::string& path) {
  return std::string{"cannot "} + what + " the directory "
         + protocol::escaped(path) + ": " + protocol::error_text(errno);
}

} // namespace

std::string make_private_directory(const std::string& path, open_to_others x) {
  if (!make_directories(path, 0700))
    return cannot("create", path);
  const unique_fd fd{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0)
    return cannot("look at", path);
  if (info.st_nlink == 0)
    return "directory " + protocol::escaped(path)
           + " was removed: change into one that exists";
  if (info.st_uid != ::getuid())
    return "directory " + protocol::escaped(path) + " is owned by uid "
           + std::to_string(info.st_uid) + ", not by "
           + std::to_string(::getuid());
  if ((info.st_mode & 0077U) != 0 && x == open_to_others::close)
    return ::chmod(path.c_str(), 0700) == 0 ? "" : cannot("close", path);
  if ((info.st_mode & 0077U) != 0)
    return "directory " + protocol::escaped(path)
           + " is accessible to group or others (mode " + octal(info.st_mode)
           + ", needs 0700)";
  return {};
}

} // namespace clearance::io
