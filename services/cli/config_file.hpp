/// Settings from a file, as words of a command line.
#pragma once

#include "services/cli/usage.hpp"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

/// How a program checks words that come from no file.
struct config_judge {
  /// Its sections are its subcommands. The settings of a program that has no
  /// subcommands are not in a section.
  std::vector<std::string> subcommands;
  /// What a file can set; see options_of().
  std::vector<known_option> options;
  /// What is wrong with words.
  std::function<usage_error(const std::vector<std::string>&)> fault;
};

/// What is wrong with the words of a parsed command line `x`.
template <class Command>
usage_error fault_of(const Command& x) {
  const auto* told = std::get_if<outcome>(&x);
  return told == nullptr ? usage_error{} : told->fault;
}

/// Why a file cannot be used, as one line that names it.
struct config_fault {
  std::string what;
};

/// Removes `--config FILE` from `words` and adds what the TOML file says for
/// their subcommand, but no option that they have themselves: `key = "value"`
/// is
/// `--key value`, true is a flag, an array is an option given several times.
/// The whole file is checked. The fault on its first faulty line is returned,
/// as `FILE:LINE: key: reason`. Without `--config` nothing changes.
std::variant<std::vector<std::string>, config_fault>
with_config(std::vector<std::string> words, const config_judge& judge);

} // namespace clearance::services
