/// What the command lines of all programs say about words that make no sense.
#pragma once

#include "services/cli/outcome.hpp"
#include "services/process/log_level.hpp"
#include "services/sandbox/sandbox_mode.hpp"

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace clearance::services {

/// A fault that CLI11 cannot see by itself.
struct usage_fault : std::runtime_error {
  explicit usage_fault(const std::string& why,
                       usage_error::kind kind = usage_error::kind::other,
                       std::vector<std::string> about = {})
      : std::runtime_error(why), what_kind(kind), options(std::move(about)) {
    // nop
  }

  usage_error::kind what_kind;
  std::vector<std::string> options;
};

/// `option` was given a value that it cannot have.
usage_fault bad_value(const std::string& option, const std::string& why);

/// Something has to be given that was not.
usage_fault missing(const std::string& why);

/// An option that a program takes, as its parser knows it.
struct known_option {
  enum class argument { none, one, many };

  std::string subcommand; ///< whose it is; empty: the program's own
  std::string name;       ///< `--socket`
  argument takes = argument::one;
};

/// All options of `app` and of its subcommands, also those that no help names.
/// `--config` is none of them: it is taken out of the words before.
std::vector<known_option> options_of(const CLI::App& app);

/// The words of every program's `--log-level`.
extern const std::map<std::string, log_level> log_levels;

/// The words of `--sandbox`.
extern const std::map<std::string, sandbox_mode> sandbox_modes;

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
  throw bad_value(name, "`" + word + "` is none of " + known);
}

/// Has CLI11 take `words` apart, and then `finish`, which sees what is wrong
/// with them together. Something is told when they ask for help or for the
/// version, or when they make no sense; it is printable ASCII, whatever they
/// were. `app` bears the program's name, `help` knows its texts: of the program
/// for an empty name, of a subcommand, or none. `version` is what its flag
/// sets.
std::optional<outcome>
take_words(CLI::App& app, const std::vector<std::string>& words,
           const std::function<std::string_view(std::string_view)>& help,
           const bool& version, const std::function<void()>& finish);

} // namespace clearance::services
