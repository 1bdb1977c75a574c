/// What may safely be shown on a terminal, and what may be pasted into a shell.
#pragma once

#include <string>
#include <string_view>

namespace clearance::services {

enum class color_when { automatic, always, never };

/// Whether to colour what goes to descriptor `fd`. Automatic: it is a terminal
/// that can, and NO_COLOR is unset or empty. Source: no-color.org.
bool wants_color(color_when when, int fd);

/// One word of printable ASCII. Anything that is more than letters, digits and
/// the punctuation of names and addresses stands in double quotes, so that no
/// value can be mistaken for two or for one of ours; all but printable ASCII
/// is escaped as `\xNN`.
std::string shown(std::string_view text);

/// The word that bash, dash, zsh and fish make `word` of again; printable
/// ASCII. A word with other bytes in it needs a shell that knows `$'...'`: bash
/// or zsh.
std::string shell_quoted(std::string_view word);

/// `json`, valid and on one line, with everything but printable ASCII in its
/// strings as `\uXXXX`. A string's value stays the same.
std::string ascii_json(std::string_view json);

/// Writes `text` to stdout, at once. What is wrong, with errno's text, if it
/// cannot be written: somebody waits for it and has to be told. Empty: nothing.
[[nodiscard]] std::string print(std::string_view text);

/// `terok-clearance: ` and `what` as one line on stderr, by one write.
/// `what` is printable already.
void complain(std::string_view what);

} // namespace clearance::services
