/// The recorded reader lines of test/vectors and what they must cause.
#pragma once

#include "test/support/wire/json.hpp"

#include <string>
#include <vector>

namespace clearance::test {

struct reader_vector {
  std::string name;
  std::string line; ///< without newline
  /// Events in the order of clearance.md, section 3; at most one.
  std::vector<json> events;
  std::vector<std::string> wire; ///< their bytes for a subscriber, NUL included
};

/// All of them. Throws std::runtime_error when they cannot be read.
std::vector<reader_vector> load_reader_vectors();

} // namespace clearance::test
