#include "protocol/operator/plain_command.hpp"

#include "protocol/json/json_tree.hpp"
#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace clearance::protocol {

namespace {

using order = plain_order::kind;

struct known_command {
  char letter;
  std::string_view word;
  order what;
  bool has_number;
};

constexpr known_command orders[] = {
    {'l', "list", order::list, false},  {'e', "explain", order::explain, true},
    {'m', "quiet", order::quiet, true}, {'h', "help", order::help, false},
    {'q', "quit", order::quit, false},
};

/// A number that prompts have, from 1 on.
std::optional<std::uint64_t> prompt_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (at != end || error != std::errc{} || value == 0)
    return std::nullopt;
  return value;
}

/// Takes the first word off `rest`.
std::string_view take_word(std::string_view& rest) {
  rest = trimmed(rest);
  const auto end = std::min(rest.find_first_of(" \t"), rest.size());
  const auto word = rest.substr(0, end);
  rest = trimmed(rest.substr(end));
  return word;
}

plain_fault too_long(const std::string& what, std::size_t max) {
  return {"the " + what + " is longer than " + std::to_string(max) + " bytes"};
}

plain_fault no_number(std::string_view word) {
  return {"there must be the number of a prompt after " + escaped(word, 20)
          + ", for example: " + escaped(word, 20) + " 3"};
}

} // namespace

plain_command parse_plain_command(std::string_view line) {
  if (line.size() > client_limits::command_line_max_bytes)
    return too_long("line", client_limits::command_line_max_bytes);
  auto rest = line;
  auto word = take_word(rest);
  if (word.empty())
    return plain_order{};
  // As the terminal interface has them.
  if (word == "x")
    word = "d";
  if (word == "?")
    word = "h";
  if (word == "a" || word == "d") {
    const auto number = prompt_number(take_word(rest));
    if (!number)
      return no_number(word);
    if (rest.size() > client_limits::typed_text_max_bytes)
      return too_long("reason", client_limits::typed_text_max_bytes);
    return plain_decide{word == "a" ? action::allow : action::deny, *number,
                        trimmed_utf8(rest)};
  }
  for (const auto& x : orders) {
    if (word != std::string_view{&x.letter, 1})
      continue;
    plain_order result{x.what, 0};
    if (x.has_number) {
      const auto number = prompt_number(take_word(rest));
      if (!number)
        return no_number(word);
      result.number = *number;
    }
    if (!rest.empty())
      return plain_fault{
          x.has_number
              ? "one number only, for example: " + std::string{word} + " 3"
              : "nothing may stand after " + std::string{word}};
    return result;
  }
  return plain_fault{"there is no command " + escaped(word, 20)
                     + "; h shows the commands"};
}

plain_command parse_json_command(std::string_view line) {
  if (line.size() > client_limits::command_line_max_bytes)
    return too_long("line", client_limits::command_line_max_bytes);
  if (trimmed(line).empty())
    return plain_order{};
  const auto tree = parse_json_tree(line);
  const auto* name = tree ? tree->find("command") : nullptr;
  if (name == nullptr || !name->string())
    return plain_fault{"the line is no object with a command, for example: "
                       "{\"command\":\"list\"}"};
  // Which of two numbers is meant, nobody knows.
  for (auto x = tree->members.begin(); x != tree->members.end(); ++x)
    if (std::any_of(tree->members.begin(), x,
                    [&](const auto& y) { return y.name == x->name; }))
      return plain_fault{"the member " + escaped(x->name, 20)
                         + " stands there twice"};
  const auto number_of = [&]() -> std::optional<std::uint64_t> {
    const auto* x = tree->find("number");
    const auto value = x == nullptr ? std::nullopt : x->integer();
    if (!value || *value <= 0)
      return std::nullopt;
    return static_cast<std::uint64_t>(*value);
  };
  const plain_fault numberless{"the command needs a number, for example: "
                               "{\"command\":\"allow\",\"number\":3}"};
  if (const auto action = parse_action(name->text)) {
    const auto number = number_of();
    if (!number)
      return numberless;
    plain_decide result{*action, *number, ""};
    if (const auto* reason = tree->find("reason")) {
      if (!reason->string()
          || reason->text.size() > client_limits::typed_text_max_bytes)
        return plain_fault{"the reason is no text, or is too long"};
      result.reason = trimmed_utf8(reason->text);
    }
    return result;
  }
  for (const auto& x : orders) {
    if (name->text != x.word)
      continue;
    if (!x.has_number)
      return plain_order{x.what, 0};
    if (const auto number = number_of())
      return plain_order{x.what, *number};
    return numberless;
  }
  return plain_fault{"there is no command " + escaped(name->text, 20)};
}

} // namespace clearance::protocol
