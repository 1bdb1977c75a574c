/// What a shield can do beyond `allow` and `deny`. Source: operator.md,
/// sections 3 and 8.
#pragma once

#include <string_view>
#include <vector>

namespace clearance::protocol {

/// A shield that cannot be asked has none of these.
struct shield_abilities {
  bool seconds = false; ///< `for`: it can allow for a limited time
  bool ports = false;   ///< `ports`: it can allow single ports
  /// `exact-names`: it can allow a name without those below it
  bool exact_names = false;

  friend bool operator==(const shield_abilities&,
                         const shield_abilities&) = default;
};

/// Notes the ability that the word stands for. An unknown word is ignored.
void note_ability(shield_abilities& to, std::string_view word) noexcept;

/// Reads what `SHIELD capabilities` prints: one word a line. Unknown words are
/// ignored.
shield_abilities parse_shield_abilities(std::string_view lines) noexcept;

/// The words of all abilities; literals.
std::vector<std::string_view> words_of(const shield_abilities& x);

} // namespace clearance::protocol
