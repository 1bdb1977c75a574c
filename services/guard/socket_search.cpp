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

#include "protocol/guard/limits.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>

namespace clearance::services {

namespace {

struct directory_closer {
  void operator()(DIR* x) const noexcept { ::closedir(x); }
};

using open_directory = std::unique_ptr<DIR, directory_closer>;

// Some file systems do not say the type together with the name.
unsigned char type_of(DIR* in, const dirent& entry) {
  struct stat info {};
  if (entry.d_type != DT_UNKNOWN)
    return entry.d_type;
  if (::fstatat(::dirfd(in), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return DT_UNKNOWN;
  return S_ISSOCK(info.st_mode)  ? DT_SOCK
         : S_ISDIR(info.st_mode) ? DT_DIR
                                 : DT_REG;
}

struct socket_search {
  std::vector<std::string> found;
  std::size_t looked_at = 0;

  // `levels`: of directories, this one included.
  void look_into(const std::string& path, int levels) {
    const open_directory in{::opendir(path.c_str())};
    if (in == nullptr)
      return; // is not there, or is closed to the user, and to COMMAND
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this one
    while (const auto* entry = ::readdir(in.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..")
        continue;
      if (looked_at++ == protocol::guard_limits::searched_entries_max)
        return;
      const auto type = type_of(in.get(), *entry);
      if (type == DT_SOCK)
        found.push_back(path + '/' + entry->d_name);
      else if (type == DT_DIR && levels > 1)
        look_into(path + '/' + entry->d_name, levels - 1);
    }
  }
};

} // namespace

std::vector<std::string> search_sockets(const std::string& home) {
  constexpr int levels = 2;
  socket_search search;
  // The home directory first: what stands in others is limited by nobody.
  if (!home.empty())
    search.look_into(home + "/.ssh", levels);
  for (const auto* path : {"/run", "/tmp", "/var/tmp"})
    search.look_into(path, levels);
  return std::move(search.found);
}

} // namespace clearance::services
