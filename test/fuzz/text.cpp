// Input: any bytes. Every function of text.hpp gets them.

#include "protocol/text/text.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/text/utf8.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/support/wire/json.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>

namespace text_fuzzer {

namespace {

using namespace clearance;
using test::require;
namespace limits = protocol::limits;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

/// Counts by utf8_at(): code points, and each ill-formed byte as one.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    auto unit = protocol::utf8_at(text, i);
    require(unit.length >= 1 && i + unit.length <= text.size(),
            "a unit is some bytes of the text");
    i += unit.well_formed ? unit.length : 1;
  }
  return count;
}

void check_utf8(std::string_view text) {
  bool well_formed = true;
  for (std::size_t i = 0; i < text.size();) {
    auto unit = protocol::utf8_at(text, i);
    well_formed = well_formed && unit.well_formed;
    i += unit.length;
  }
  require(well_formed == is_utf8(text), "utf8_at() agrees with simdjson");
}

void check_sanitise(const std::string& text) {
  auto once = text;
  protocol::sanitise(once);
  auto chars = characters(text);
  require(is_printable(once), "sanitised text is printable ASCII");
  require(once.size() == std::min(chars, limits::text_max_chars),
          "a character each, up to the limit");
  require(chars <= limits::text_max_chars || once.ends_with("..."),
          "a cut is shown");
  auto twice = once;
  protocol::sanitise(twice);
  require(twice == once, "sanitising once is enough");
  std::string assigned = "x";
  protocol::assign_sanitised(assigned, text);
  require(assigned == once, "both sanitise alike");
}

/// The bytes that escaped() was given.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[i + 1] == '\\') {
      out += text[++i];
    } else {
      require(text[i + 1] == 'x', "no other escapes");
      out += static_cast<char>(
          std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
      i += 3;
    }
  }
  return out;
}

void check_escaped(const std::string& text) {
  auto out = protocol::escaped(text);
  require(is_printable(out), "escaped text is printable ASCII");
  require(unescaped(out) == text, "escapes tell what was there");
  auto half = protocol::escaped(text, text.size() / 2);
  require(text.empty() || half.ends_with("..."), "a cut is shown");
}

void check_json(const std::string& text) {
  std::string out;
  protocol::append_json(out, text);
  auto back = test::json::parse(out).text();
  require(!is_utf8(text) || back == text, "JSON reads back as the text");
  require(characters(back) == characters(text), "a character each");
}

void check_trimmed(const std::string& text) {
  auto out = protocol::trimmed_utf8(text);
  require(is_utf8(out), "trimmed text is UTF-8");
  require(protocol::trimmed_utf8(out) == out, "trimming once is enough");
  require(!is_utf8(text) || text.find(out) != text.npos,
          "only the ends are trimmed");
}

void check_repair(const std::string& text) {
  auto once = text;
  auto count = protocol::repair_json(once);
  require(is_utf8(once), "a repaired line is UTF-8");
  require(once.size() <= text.size(), "a repair does not lengthen");
  require(count > 0 || once == text, "no repair, no change");
  auto twice = once;
  require(protocol::repair_json(twice) == 0 && twice == once,
          "repairing once is enough");
}

void run(const std::uint8_t* data, std::size_t size) {
  std::string text{test::as_text(data, size)};
  check_utf8(text);
  check_sanitise(text);
  check_escaped(text);
  check_json(text);
  check_trimmed(text);
  check_repair(text);
}

const test::fuzzer registered{"text", run};

} // namespace

} // namespace text_fuzzer
