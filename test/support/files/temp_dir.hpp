/// A private directory for one test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clearance::test {

/// Has mode 0700, and a path that is short enough for sockets in it. The
/// destructor removes it with its contents.
class temp_dir {
public:
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

  std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

private:
  std::filesystem::path path_;
};

/// Writes a whole file.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Reads a whole file; empty if there is none.
std::string read_file(const std::filesystem::path& path);

/// The permission bits, without following a link.
unsigned mode_of(const std::filesystem::path& path);

} // namespace clearance::test
