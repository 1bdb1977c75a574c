/// Text that is safe to show on a terminal or to paste into a shell.
#pragma once

#include <string>
#include <string_view>

namespace clearance::services {

enum class color_when { automatic, always, never };

/// Whether to colour the text for descriptor `fd`. Automatic: if `fd` is a
/// terminal with colours, and NO_COLOR is unset or empty. Source: no-color.org.
bool wants_color(color_when when, int fd);

/// One word of printable ASCII. A value with other characters than letters,
/// digits and the punctuation of names and addresses is put in double quotes,
/// so that nobody takes it for two values or for a word of ours. All bytes but
/// printable ASCII are escaped as `\xNN`.
std::string shown(std::string_view text);

/// `word`, quoted in printable ASCII: bash, dash, zsh and fish read it as
/// `word` again. A word with other bytes needs a shell that knows `$'...'`:
/// bash or zsh.
std::string shell_quoted(std::string_view word);

/// `json`, valid and on one line, with everything but printable ASCII in its
/// strings as `\uXXXX`. A string's value stays the same.
std::string ascii_json(std::string_view json);

/// Writes `text` to stdout at once. Returns the text of errno if that fails:
/// somebody waits for `text` and must be told. Empty: it was written.
[[nodiscard]] std::string print(std::string_view text);

/// Writes `terok-clearance: ` and `what` as one line to stderr; see
/// say_on_stderr(). `what` must be printable.
void complain(std::string_view what);

} // namespace clearance::services
