// `replay FUZZER FOLDER` gives a fuzzer the files of a folder: each input whole
// and, for what a seed says with its end missing, cut at every byte.

#include "test/fuzz/fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using clearance::test::fuzzer;

/// Cutting costs the square of the size.
constexpr std::size_t cut_max_bytes = 2048;

void run(const fuzzer& what, const char* data, std::size_t size) {
  // A copy of exactly that size, so that the sanitiser sees a byte too far.
  std::vector<std::uint8_t> bytes(data, data + size);
  what.run(bytes.data(), bytes.size());
}

void replay(const fuzzer& what, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string input{std::istreambuf_iterator<char>(in), {}};
  std::printf("%s\n", file.c_str());
  std::fflush(stdout); // says which one it was, should the run end here
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
