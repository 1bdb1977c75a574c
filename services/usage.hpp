/// What the command lines of all programs say about words that make no sense.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace clearance::services {

/// What is wrong with the first word `--flag=value`, whatever the value: CLI11
/// would take some of them, and `--flag=no` as if nothing had been said. Looks
/// at flags of `app` and of the subcommand that the first word names. Empty:
/// nothing.
std::string valued_flag(const CLI::App& app,
                        const std::vector<std::string>& words);

/// What to say when CLI11 missed a subcommand of `app` and said `missed`: the
/// first word that it did not understand, if there is one.
std::string no_subcommand(const CLI::App& app, const std::string& missed);

/// The two lines on stderr of a usage error. Printable ASCII, whatever the
/// words were that `what` cites. `command`: the program, and the subcommand
/// that the words got to.
std::string usage_error(const std::string& program, const std::string& command,
                        const std::string& what);

} // namespace clearance::services
