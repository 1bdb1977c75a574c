/// Reads the command lines of all programs and says what is wrong in them.
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

/// A fault that CLI11 does not find.
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

/// `option` cannot have the value that it was given.
usage_fault bad_value(const std::string& option, const std::string& why);

/// An option or a value is missing.
usage_fault missing(const std::string& why);

/// An option of a program, as its parser knows it.
struct known_option {
  enum class argument { none, one, many };

  std::string subcommand; ///< that it belongs to; empty: the program
  std::string name;       ///< `--socket`
  argument takes = argument::one;
};

/// All options of `app` and of its subcommands, also those that no help shows.
/// `--config` is not one of them: it is removed from the words before.
std::vector<known_option> options_of(const CLI::App& app);

/// The words of every program's `--log-level`.
extern const std::map<std::string, log_level> log_levels;

/// The words of `--sandbox`.
extern const std::map<std::string, sandbox_mode> sandbox_modes;

/// The value that `word` stands for. Throws a usage_fault that names the option
/// `name` and the words that it takes.
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

/// CLI11 parses `words`. Then `finish` is called, which checks the options
/// together. Returns an outcome if the words ask for help or for the version,
/// or if something is wrong with them; its texts are printable ASCII, whatever
/// the words are. `app` has the program's name. `help` returns the text of a
/// subcommand, or of the program for an empty name. The flag --version sets
/// `version`.
std::optional<outcome>
take_words(CLI::App& app, const std::vector<std::string>& words,
           const std::function<std::string_view(std::string_view)>& help,
           const bool& version, const std::function<void()>& finish);

} // namespace clearance::services
