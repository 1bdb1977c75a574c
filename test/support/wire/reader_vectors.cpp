#include "test/support/wire/reader_vectors.hpp"

#include "test/support/files/test_paths.hpp"

#include <simdjson.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace clearance::test {

namespace {

std::string from_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text.substr(0, text.find('='))) {
    auto digit = digits.find(c);
    if (digit == std::string_view::npos)
      throw std::runtime_error("not base64: " + std::string(text));
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      result += static_cast<char>((bits >> count) & 0xFF);
    }
  }
  return result;
}

reader_vector from(simdjson::dom::object object) {
  reader_vector x;
  x.name = std::string_view(object["name"]);
  x.line = from_base64(std::string_view(object["line_b64"]));
  for (auto event : object["events"].get_array()) {
    // Our bytes must be those of simdjson's own minifier.
    auto text = simdjson::minify(event);
    x.events.push_back(json::parse(text));
    x.wire.push_back(R"({"continues":true,"parameters":{"event":)" + text + "}}"
                     + '\0');
  }
  return x;
}

} // namespace

std::vector<reader_vector> load_reader_vectors() {
  simdjson::dom::parser parser;
  std::vector<reader_vector> result;
  for (auto object : parser.load(vectors_file()).get_array())
    result.push_back(from(object));
  if (result.size() < 50)
    throw std::runtime_error(std::string{"vectors are missing: "}
                             + vectors_file());
  return result;
}

} // namespace clearance::test
