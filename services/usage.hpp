/// What the command lines of all programs say about words that make no sense.
#pragma once

#include "services/log_level.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace clearance::services {

/// A fault that CLI11 cannot see by itself.
struct usage_fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The words of every program's `--log-level`.
extern const std::map<std::string, log_level> log_levels;

/// What `word` means, given for `name`. Throws a usage_fault that names the
/// words there are.
template <class T>
T choice(const std::string& name, const std::string& word,
         const std::map<std::string, T>& words) {
  if (auto i = words.find(word); i != words.end())
    return i->second;
  std::string known;
  for (const auto& [key, value] : words)
    known += (known.empty() ? "" : ", ") + key;
  throw usage_fault(name + ": `" + word + "` is none of " + known);
}

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
