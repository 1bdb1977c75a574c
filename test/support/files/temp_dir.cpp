#include "test/support/files/temp_dir.hpp"

#include "test/support/deadline.hpp"

#include <fstream>
#include <iterator>
#include <stdlib.h>
#include <sys/stat.h>
#include <system_error>

namespace clearance::test {

namespace fs = std::filesystem;

temp_dir::temp_dir() {
  // Not $TMPDIR: its path may be too long for sockets (sun_path: 108 bytes).
  std::string name = "/tmp/clearance-test-XXXXXX";
  if (!::mkdtemp(name.data()))
    fail_with_errno("mkdtemp");
  path_ = name;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, std::string_view bytes) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out)
    throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

unsigned mode_of(const fs::path& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0)
    fail_with_errno("lstat " + path.string());
  return facts.st_mode & 07777U;
}

} // namespace clearance::test
