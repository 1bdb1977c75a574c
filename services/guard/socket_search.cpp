// Sockets that were bound to a relative name, renamed or linked do not stand in
// the kernel's list under the name that they have now, such as those that
// OpenSSH makes to share a connection. Neither do those of other network
// namespaces.
//
// /tmp may have thousands of directories, and COMMAND waits for this search. So
// the kernel is asked for names alone: the types of files come with them. With
// std::filesystem, which asks for the type of each file once more, the search
// took twice as long.

#include "services/guard/socket_search.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "protocol/guard/limits.hpp"

#include <array>
#include <cstddef>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <utility>

namespace clearance::services {

namespace {

// Some file systems do not say the type together with the name.
unsigned char type_of(int directory, const dirent64& entry) {
  struct stat info {};
  if (entry.d_type != DT_UNKNOWN)
    return entry.d_type;
  if (::fstatat(directory, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return DT_UNKNOWN;
  return S_ISSOCK(info.st_mode)  ? DT_SOCK
         : S_ISDIR(info.st_mode) ? DT_DIR
                                 : DT_REG;
}

class socket_search {
public:
  // `path`: the directory's, whose name below the directory `above` is `name`.
  // `levels`: of directories, this one included.
  void look_into(int above, const char* name, const std::string& path,
                 int levels) {
    const io::unique_fd directory{
        ::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory)
      return; // is not there, or is closed to the user, and to COMMAND
    alignas(dirent64) std::array<char, 16 * 1024> bytes;
    for (;;) {
      const auto size =
          ::getdents64(directory.get(), bytes.data(), bytes.size());
      if (size <= 0)
        return;
      for (ssize_t at = 0; at < size;) {
        const auto& entry =
            *reinterpret_cast<const dirent64*>(bytes.data() + at);
        at += entry.d_reclen;
        if (looked_at_ >= protocol::guard_limits::searched_entries_max)
          return;
        take(directory.get(), entry, path, levels);
      }
    }
  }

  std::vector<std::string> found;

private:
  void take(int directory, const dirent64& entry, const std::string& path,
            int levels) {
    const std::string_view name = entry.d_name;
    if (name == "." || name == "..")
      return;
    ++looked_at_;
    const auto type = type_of(directory, entry);
    if (type == DT_SOCK)
      found.push_back(path + '/' + entry.d_name);
    else if (type == DT_DIR && levels > 1)
      look_into(directory, entry.d_name, path + '/' + entry.d_name, levels - 1);
  }

  std::size_t looked_at_ = 0;
};

} // namespace

std::vector<std::string> search_sockets(const std::string& home) {
  constexpr int levels = 2;
  socket_search search;
  // The home directory first: what stands in others is limited by nobody.
  if (!home.empty())
    search.look_into(AT_FDCWD, (home + "/.ssh").c_str(), home + "/.ssh",
                     levels);
  for (const auto* path : {"/run", "/tmp", "/var/tmp"})
    search.look_into(AT_FDCWD, path, path, levels);
  return std::move(search.found);
}

} // namespace clearance::services
