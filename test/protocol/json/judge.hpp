/// Parses one line with a new parser.
#pragma once

#include "protocol/hub/reader_line.hpp"

#include <string>

namespace clearance::test {

using outcome = protocol::reader_line_parser::outcome;

/// The parser's result for a line.
struct judgement {
  outcome what;
  protocol::event event; ///< empty unless complete
  std::string why;
  bool repaired;
  bool plain; ///< with padding
};

/// Parses `line` twice, with and without padding behind it. The test fails if
/// the results differ.
judgement judge(const std::string& line);

/// The event of a line. The test fails if the line is not complete.
protocol::event event_of(const std::string& line);

} // namespace clearance::test
