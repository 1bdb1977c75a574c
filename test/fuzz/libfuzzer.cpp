// libFuzzer's entry: the one fuzzer that is linked in.

#include "test/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const auto& fuzzer = *clearance::test::fuzzer::find({});
  fuzzer.run(data, size);
  return 0;
}
