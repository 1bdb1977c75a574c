#include "services/usage.hpp"

#include "protocol/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace clearance::services {

const std::map<std::string, log_level> log_levels{
    {"debug", log_level::debug},
    {"info", log_level::info},
    {"warning", log_level::warning},
    {"error", log_level::error},
};

namespace {

bool has_flag(const CLI::App& app, const std::string& name) {
  const auto* option = app.get_option_no_throw(name);
  return option != nullptr && option->get_expected_max() == 0;
}

} // namespace

std::string valued_flag(const CLI::App& app,
                        const std::vector<std::string>& words) {
  auto named = app.get_subcommands([&words](const CLI::App* x) {
    return !words.empty() && x->get_name() == words.front();
  });
  // Behind `--` stand operands.
  auto end = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != end; ++word) {
    auto name = word->substr(0, word->find('='));
    if (!name.starts_with("--") || name.size() == word->size())
      continue;
    if (has_flag(named.empty() ? app : *named.front(), name))
      return name + " takes no value";
  }
  return {};
}

std::string no_subcommand(const CLI::App& app, const std::string& missed) {
  auto words = app.remaining();
  return words.empty()
             ? missed
             : "The following argument was not expected: " + words.front();
}

std::string usage_error(const std::string& program, const std::string& command,
                        const std::string& what) {
  return program + ": " + protocol::escaped(what) + "\nTry '" + command
         + " --help'.\n";
}

} // namespace clearance::services
