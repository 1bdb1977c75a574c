#include "protocol/gate/hook_script.hpp"

namespace clearance::protocol {

namespace {

constexpr std::string_view script_start =
    "#!/bin/sh\n# Written by terok-gate --install-hooks.\n";
constexpr std::string_view quote_in_quotes = "'\\''";

// One word for any POSIX shell, whatever its bytes are. Unlike shell_quoted()
// of services/cli, which is for people who copy a command out of a terminal, it
// keeps all bytes as they are.
std::string quoted_program(std::string_view text) {
  std::string result = "'";
  for (const char c : text)
    if (c == '\'')
      result += quote_in_quotes;
    else
      result += c;
  return result + '\'';
}

// The word at the start of `text`, as quoted_program() writes it. Other ways to
// write a word end it early; the caller compares the whole script.
std::string unquoted_program(std::string_view text) {
  std::string result;
  if (!text.starts_with('\''))
    return result;
  text.remove_prefix(1);
  for (;;) {
    const auto end = text.find('\'');
    result += text.substr(0, end);
    if (end == std::string_view::npos
        || !text.substr(end).starts_with(quote_in_quotes))
      return result;
    result += '\'';
    text.remove_prefix(end + quote_in_quotes.size());
  }
}

} // namespace

std::string hook_script(std::string_view program, std::string_view hook) {
  std::string result(script_start);
  result.append("exec ").append(quoted_program(program)).append(" hook ");
  return result.append(hook).append(" \"$@\"\n");
}

hook_origin parse_hook_script(std::string_view text, std::string_view hook) {
  hook_origin result;
  result.ours = text.starts_with(script_start);
  constexpr std::string_view run = "exec ";
  if (!result.ours || !text.substr(script_start.size()).starts_with(run))
    return result;
  auto program =
      unquoted_program(text.substr(script_start.size() + run.size()));
  if (hook_script(program, hook) == text)
    result.program = std::move(program);
  return result;
}

} // namespace clearance::protocol
