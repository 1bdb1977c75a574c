#include "services/cli/terminal.hpp"

#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utf8.hpp"
#include "services/process/stderr_lines.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace clearance::services {

namespace {

std::string_view variable(const char* name) {
  // The clients have one thread.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

bool only(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [punctuation](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9')
           || punctuation.find(c) != std::string_view::npos;
  });
}

void append_hex(std::string& out, unsigned value, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  while (digits-- > 0)
    out += hex[(value >> (4 * digits)) & 0xFU];
}

void append_unit(std::string& out, unsigned value) {
  out += "\\u";
  append_hex(out, value, 4);
}

} // namespace

bool wants_color(color_when when, int fd) {
  switch (when) {
  case color_when::always:
    return true;
  case color_when::never:
    return false;
  case color_when::automatic:
    break;
  }
  return isatty(fd) == 1 && variable("NO_COLOR").empty()
         && variable("TERM") != "dumb";
}

std::string shown(std::string_view text) {
  if (!text.empty() && only(text, "-._:/@%+,[]~#*"))
    return std::string{text};
  std::string result = "\"";
  for (char c : protocol::escaped(text)) {
    if (c == '"')
      result += '\\';
    result += c;
  }
  return result + '"';
}

std::string shell_quoted(std::string_view word) {
  // No shell gives these a meaning, wherever they stand. `=`, `~`, `%` and
  // others have one at a word's beginning in some shell.
  if (!word.empty() && only(word, "-._:/"))
    return std::string{word};
  auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
  bool plain = std::all_of(word.begin(), word.end(), printable);
  std::string result = plain ? "'" : "$'";
  for (char c : word) {
    if (plain && (c == '\'' || c == '\\')) {
      // Outside the quotes: in fish a backslash escapes inside them.
      result += "'\\";
      result += c;
      result += '\'';
    } else if (printable(c)) {
      if (!plain && (c == '\'' || c == '\\'))
        result += '\\';
      result += c;
    } else {
      result += "\\x";
      append_hex(result, static_cast<unsigned char>(c), 2);
    }
  }
  return result + '\'';
}

std::string ascii_json(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  while (!json.empty()) {
    auto c = static_cast<unsigned char>(json.front());
    std::size_t bytes = 1;
    if (c >= 0x80) {
      // Each byte that is no UTF-8 becomes U+FFFD, so that none is lost unseen.
      const auto unit = protocol::utf8_at(json, 0);
      bytes = unit.well_formed ? unit.length : 1;
      const unsigned value = unit.code_point;
      if (value < 0x10000) {
        append_unit(result, value);
      } else {
        append_unit(result, 0xD800 + ((value - 0x10000) >> 10U));
        append_unit(result, 0xDC00 + ((value - 0x10000) & 0x3FFU));
      }
    } else if (c == 0x7F) {
      append_unit(result, c);
    } else {
      // Strings of valid JSON hold no raw control bytes: this one stands
      // between tokens.
      result += c < 0x20 ? ' ' : json.front();
    }
    json.remove_prefix(bytes);
  }
  return result;
}

std::string print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()
      && std::fflush(stdout) == 0)
    return {};
  return "stdout cannot be written: "
         + (errno == EBADF ? "it is closed" : protocol::error_text(errno));
}

void complain(std::string_view what) {
  say_on_stderr("terok-clearance", what);
}

} // namespace clearance::services
