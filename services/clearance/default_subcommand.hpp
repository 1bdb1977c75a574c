/// What `terok-clearance` does without a subcommand.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

/// What surrounds the program and decides what it does without a subcommand.
struct surroundings {
  bool has_terminal = false; ///< stdin and stdout, and TERM is not `dumb`
  bool wants_plain = false;  ///< TEROK_PLAIN is set, and not to 0
};

/// `words` with `tui` in front where no subcommand stands, as in
/// `terok-clearance --plain`. Without words that needs a terminal, or a person
/// who wants plain text.
std::vector<std::string> with_subcommand(std::vector<std::string> words,
                                         const surroundings& x);

} // namespace clearance::services
