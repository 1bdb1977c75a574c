// The entry for libFuzzer: calls the only fuzzer of this program.

#include "test/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const auto& fuzzer = *clearance::test::fuzzer::find({});
  fuzzer.run(data, size);
  return 0;
}
