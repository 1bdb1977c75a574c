/// A private directory that goes with its owner.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clearance::test {

/// Mode 0700, short enough a path for sockets below it.
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

/// A whole file; empty when there is none.
std::string read_file(const std::filesystem::path& path);

/// The permission bits, without following a link.
unsigned mode_of(const std::filesystem::path& path);

} // namespace clearance::test
