#include "services/clearance/default_subcommand.hpp"

#include <algorithm>
#include <array>

namespace clearance::services {

std::vector<std::string> with_subcommand(std::vector<std::string> words,
                                         const surroundings& x) {
  constexpr std::array own{"--plain", "--json", "--clearance-socket",
                           "--color", "--host", "--mouse"};
  const auto is_own = [&](const std::string& word) {
    const auto name = word.substr(0, word.find('='));
    return std::find(own.begin(), own.end(), name) != own.end();
  };
  if (words.empty() ? x.has_terminal || x.wants_plain : is_own(words.front()))
    words.insert(words.begin(), "tui");
  if (x.wants_plain && !words.empty() && words.front() == "tui"
      && std::find(words.begin(), words.end(), "--plain") == words.end())
    words.insert(words.begin() + 1, "--plain");
  return words;
}

} // namespace clearance::services
