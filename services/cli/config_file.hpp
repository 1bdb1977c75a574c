/// Settings from a file, as words of a command line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// How a program judges words: without a file.
struct config_judge {
  /// Its sections are its subcommands; one without them has none, and its
  /// settings stand at the top.
  std::vector<std::string> subcommands;
  /// The help of a subcommand, which names every option.
  std::function<std::string_view(std::string_view)> help;
  /// What is wrong with words, as one line; empty: nothing.
  std::function<std::string(const std::vector<std::string>&)> fault;
};

/// Why a file cannot be used, as one line that names it.
struct config_fault {
  std::string what;
};

/// Takes `--config FILE` out of `words` and puts in what stands in the TOML
/// file for their subcommand, unless they say it themselves: `key = "value"` is
/// `--key value`, true is a flag, an array is an option given again and again.
/// The whole file is judged first; the first fault by line is the one that is
/// named, with its key. Without `--config` nothing changes.
std::variant<std::vector<std::string>, config_fault>
with_config(std::vector<std::string> words, const config_judge& judge);

} // namespace clearance::services
