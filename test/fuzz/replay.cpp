// Runs a fuzzer over the files of the folders it is given: each input whole
// and, for what a seed says with its end missing, cut at every byte.

#include "test/fuzz/fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// Cutting costs the square of the size.
constexpr std::size_t cut_max_bytes = 2048;

void run(const char* data, std::size_t size) {
  // A copy of exactly that size, so that the sanitiser sees a byte too far.
  std::vector<std::uint8_t> bytes(data, data + size);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

void replay(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string input{std::istreambuf_iterator<char>(in), {}};
  std::printf("%s\n", file.c_str());
  std::fflush(stdout); // says which one it was, should the run end here
  run(input.data(), input.size());
  if (input.size() <= cut_max_bytes)
    for (std::size_t size = 0; size < input.size(); ++size)
      run(input.data(), size);
}

} // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : fs::directory_iterator(argv[i])) {
      replay(entry.path());
      ++files;
    }
  if (files == 0) {
    std::fputs("no inputs\n", stderr);
    return 1;
  }
}
