/// Words of the command line of `terok-clearance` that several subcommands
/// take.
#pragma once

#include "protocol/hub/verdict.hpp"
#include "services/cli/terminal.hpp"
#include "services/cli/usage.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace clearance::services {

extern const std::map<std::string, color_when> color_words;
extern const std::map<std::string, protocol::action> action_words;

// Each says what is wrong with the word; empty: nothing.
std::string not_empty(const std::string& word);
std::string socket_path(const std::string& word);

/// One word into `target`, which `check` finds nothing wrong with.
CLI::Option* add_word(CLI::App& app, const std::string& name,
                      std::string& target,
                      std::string (*check)(const std::string&) = not_empty);

/// `--host`, which may be repeated.
CLI::Option* add_hosts(CLI::App& app, std::vector<std::string>& hosts);

/// One word of `words` into `target`.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& target,
                        const std::map<std::string, T>& words) {
  auto take = [&target, &words, name](const std::string& word) {
    target = choice(name, word, words);
  };
  return app.add_option_function<std::string>(name, take);
}

/// The decimal number from `min` to `max` that `word` is: digits alone.
template <class T>
std::optional<T> number(const std::string& word, T min, T max) {
  T value = 0;
  const auto* end = word.data() + word.size();
  auto [at, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || at != end || error != std::errc{} || value < min
      || value > max)
    return std::nullopt;
  return value;
}

/// What is wrong with a word that is no such number.
template <class T>
std::string no_number(const std::string& word, T min, T max) {
  return "`" + word + "` is no number from " + std::to_string(min) + " to "
         + std::to_string(max);
}

/// The value of `--port`.
std::int64_t port_number(const std::string& word);

/// `KEY=VALUE`, of `--dossier`.
std::pair<std::string, std::string> dossier_entry(const std::string& word);

} // namespace clearance::services
