#include "protocol/operator/prompt_filter.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace clearance::protocol {

namespace {

char lower_ascii(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `text` has `part`, which is in lower case.
bool has_part(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower_ascii(a) == b; })
         != text.end();
}

} // namespace

prompt_filter::prompt_filter(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, place>, 5> places{{
      {"container:", place::container},
      {"task:", place::task},
      {"target:", place::target},
      {"port:", place::port},
      {"flag:", place::flag},
  }};
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    word next;
    for (char c : text.substr(0, end))
      next.text += lower_ascii(c);
    text.remove_prefix(std::min(end + 1, text.size()));
    for (const auto& [name, where] : places)
      if (next.text.starts_with(name)) {
        next.where = where;
        next.text.erase(0, name.size());
        break;
      }
    if (!next.text.empty())
      words_.push_back(std::move(next));
  }
}

bool prompt_filter::fits(const listed_prompt& x) const {
  return std::all_of(words_.begin(), words_.end(),
                     [&](const word& each) { return fits(each, x); });
}

bool prompt_filter::fits(const word& what, const listed_prompt& x) {
  const auto any = [&](const std::vector<std::string>& texts) {
    return std::any_of(texts.begin(), texts.end(), [&](const auto& each) {
      return has_part(each, what.text);
    });
  };
  const auto in_container = [&] {
    return has_part(x.container, what.text)
           || has_part(x.in_dossier("container_name"), what.text);
  };
  const auto in_target = [&] {
    return has_part(x.target, what.text) || any(x.addresses);
  };
  const auto is_port = [&] {
    return std::any_of(x.ports.begin(), x.ports.end(), [&](std::int64_t each) {
      return std::to_string(each) == what.text;
    });
  };
  switch (what.where) {
  case place::container:
    return in_container();
  case place::task:
    return has_part(x.in_dossier("task"), what.text);
  case place::target:
    return in_target();
  case place::port:
    return is_port();
  case place::flag:
    return any(x.flags);
  case place::anywhere:
    return in_container() || in_target() || is_port() || any(x.flags)
           || std::any_of(x.dossier.begin(), x.dossier.end(),
                          [&](const auto& each) {
                            return has_part(each.second, what.text);
                          });
  }
  return false;
}

} // namespace clearance::protocol
