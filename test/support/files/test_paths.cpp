#include "test/support/files/test_paths.hpp"

namespace clearance::test {

const char* vectors_file() noexcept {
  return TEST_VECTORS;
}

const char* fake_shield_program() noexcept {
  return TEST_FAKE_SHIELD;
}

const char* stalled_program() noexcept {
  return TEST_STALLED;
}

} // namespace clearance::test
