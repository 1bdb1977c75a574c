/// Which prompts an operator wants to see.
#pragma once

#include "protocol/operator/operator_answer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Words, all of which a prompt must have. `container:`, `task:`, `target:`,
/// `port:` or `flag:` in front of a word says where; a word without it may
/// stand in any of these, in an address or in the dossier. Upper and lower case
/// are the same; a word may be a part of what it is compared with, but a port
/// is compared whole.
class prompt_filter {
public:
  prompt_filter() = default;
  /// Every text is a filter. A word in front of `:` that is none of these is a
  /// part of the word.
  explicit prompt_filter(std::string_view text);

  bool empty() const noexcept { return words_.empty(); }
  bool fits(const listed_prompt& x) const;

private:
  enum class place { anywhere, container, task, target, port, flag };

  struct word {
    place where = place::anywhere;
    std::string text; // in lower case
  };

  static bool fits(const word& what, const listed_prompt& x);

  std::vector<word> words_;
};

} // namespace clearance::protocol
