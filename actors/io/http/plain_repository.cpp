// In case of doubt a repository is not plain. A wrong "not plain" costs only
// one more process.

#include "actors/io/http/plain_repository.hpp"

#include "actors/io/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::io {

namespace {

// The configuration file of a repository usually has 200 bytes.
constexpr std::size_t file_max_bytes = 16 * 1024;

// A section's name begins directly after the bracket. An included file could
// have a section `http`, and an extension can change where git looks.
constexpr std::array<std::string_view, 3> telling{"[http", "[include",
                                                  "[extensions"};

// Nothing: errno says why; EFBIG: the file is too large.
std::optional<std::string> read_small(int directory, const char* name) {
  const unique_fd file{::openat(
      directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!file)
    return std::nullopt;
  std::string result(file_max_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < result.size()) {
    const auto n =
        ::read(file.get(), result.data() + size, result.size() - size);
    if (n < 0)
      return std::nullopt;
    if (n == 0)
      break;
    size += static_cast<std::size_t>(n);
  }
  if (size > file_max_bytes) {
    errno = EFBIG;
    return std::nullopt;
  }
  result.resize(size);
  return result;
}

bool says_nothing(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return std::none_of(telling.begin(), telling.end(), [&](auto x) {
    return text.find(x) != std::string::npos;
  });
}

bool is_directory(int directory, const char* name) {
  struct stat info {};
  return ::fstatat(directory, name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

bool is_missing(int directory, const char* name) {
  struct stat info {};
  return ::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0
         && errno == ENOENT;
}

} // namespace

bool plain_repository(const std::string& path,
                      const std::vector<std::string>& more_configuration) {
  const unique_fd directory{
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory)
    return false;
  const auto fd = directory.get();
  // git would use a repository `.git` in this directory. A file `commondir`
  // means that another repository has the configuration.
  if (!is_directory(fd, "objects") || !is_directory(fd, "refs")
      || !is_missing(fd, ".git") || !is_missing(fd, "commondir"))
    return false;
  const auto head = read_small(fd, "HEAD");
  if (!head || !head->starts_with("ref: refs/"))
    return false;
  const auto own = read_small(fd, "config");
  if (!own || !says_nothing(*own))
    return false;
  return std::all_of(more_configuration.begin(), more_configuration.end(),
                     [](const auto& file) {
                       const auto text = read_small(AT_FDCWD, file.c_str());
                       return text ? says_nothing(*text)
                                   : errno == ENOENT || errno == ENOTDIR;
                     });
}

} // namespace clearance::io
