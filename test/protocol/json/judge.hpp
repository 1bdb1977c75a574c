/// One line through a parser of its own.
#pragma once

#include "protocol/hub/reader_line.hpp"

#include <string>

namespace clearance::test {

using verdict = protocol::reader_line_parser::verdict;

/// What a parser said of a line.
struct judgement {
  verdict what;
  protocol::event event; ///< the default unless complete
  std::string why;
  bool repaired;
};

/// Judges `line` twice, with and without padding behind it, and fails the test
/// if that makes a difference.
judgement judge(const std::string& line);

/// The event of a line that must be complete.
protocol::event event_of(const std::string& line);

} // namespace clearance::test
