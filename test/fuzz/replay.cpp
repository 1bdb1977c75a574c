// `replay FUZZER FOLDER` gives the files of a folder to a fuzzer: each file
// whole, and cut at every byte, since truncated inputs matter, too.

#include "test/fuzz/fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using clearance::test::fuzzer;

/// Larger files are not cut: the cost grows with the square of the size.
constexpr std::size_t cut_max_bytes = 2048;

void run(const fuzzer& what, const char* data, std::size_t size) {
  // A copy of exactly that size, so that a sanitiser sees reads beyond it.
  std::vector<std::uint8_t> bytes(data, data + size);
  what.run(bytes.data(), bytes.size());
}

void replay(const fuzzer& what, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string input{std::istreambuf_iterator<char>(in), {}};
  std::printf("%s\n", file.c_str());
  std::fflush(stdout); // shows the fuzzer's name if the run crashes
  run(what, input.data(), input.size());
  if (input.size() <= cut_max_bytes)
    for (std::size_t size = 0; size < input.size(); ++size)
      run(what, input.data(), size);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("Usage: replay FUZZER FOLDER\n", stderr);
    return 2;
  }
  const auto* what = fuzzer::find(argv[1]);
  if (what == nullptr || *argv[1] == '\0') {
    std::fprintf(stderr, "no fuzzer %s\n", argv[1]);
    return 2;
  }
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(argv[2])) {
    replay(*what, entry.path());
    ++files;
  }
  if (files == 0) {
    std::fputs("no inputs\n", stderr);
    return 1;
  }
}
