/// The scripts that `terok-gate --install-hooks` writes: git runs a script, and
/// the script runs the hooks' program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// A script for any POSIX shell that runs `program hook NAME` and passes its
/// own arguments on. The program's path may have any bytes but NUL.
std::string hook_script(std::string_view program, std::string_view hook);

/// What a file in the hooks' directory is.
struct hook_origin {
  bool ours =
      false; ///< --install-hooks wrote it; maybe that of another version
  /// The program that it runs. Empty: it is not ours, or hook_script() of this
  /// version does not write it like this.
  std::string program;
};

/// Judges the file of the hook `hook`. Any text is taken.
hook_origin parse_hook_script(std::string_view text, std::string_view hook);

} // namespace clearance::protocol
