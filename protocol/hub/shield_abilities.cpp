#include "protocol/hub/shield_abilities.hpp"

#include <algorithm>

namespace clearance::protocol {

namespace {

constexpr std::string_view seconds_word = "for";
constexpr std::string_view ports_word = "ports";
constexpr std::string_view exact_names_word = "exact-names";

} // namespace

void note_ability(shield_abilities& to, std::string_view word) noexcept {
  to.seconds |= word == seconds_word;
  to.ports |= word == ports_word;
  to.exact_names |= word == exact_names_word;
}

shield_abilities parse_shield_abilities(std::string_view lines) noexcept {
  shield_abilities result;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    auto word = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (word.ends_with('\r'))
      word.remove_suffix(1);
    note_ability(result, word);
  }
  return result;
}

std::vector<std::string_view> words_of(const shield_abilities& x) {
  std::vector<std::string_view> result;
  if (x.seconds)
    result.push_back(seconds_word);
  if (x.ports)
    result.push_back(ports_word);
  if (x.exact_names)
    result.push_back(exact_names_word);
  return result;
}

} // namespace clearance::protocol
