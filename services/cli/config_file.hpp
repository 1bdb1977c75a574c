/// Settings from a file, as words of a command line.
#pragma once

#include "services/cli/usage.hpp"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

/// How a program judges words: without a file.
struct config_judge {
  /// Its sections are its subcommands; one without them has none, and its
  /// settings stand at the top.
  std::vector<std::string> subcommands;
  /// What can be set, see options_of().
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

/// Takes `--config FILE` out of `words` and puts in what stands in the TOML
/// file for their subcommand, unless they say it themselves: `key = "value"` is
/// `--key value`, true is a flag, an array is an option given again and again.
/// The whole file is judged; of all its faults the first by line is told, as
/// `FILE:LINE: key: reason`. Without `--config` nothing changes.
std::variant<std::vector<std::string>, config_fault>
with_config(std::vector<std::string> words, const config_judge& judge);

} // namespace clearance::services
