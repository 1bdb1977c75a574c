#include "test/end_to_end/guard/fake_name_server.hpp"

#include <cstdlib>

namespace clearance::test {

namespace {

constexpr std::size_t header_size = 12;

std::string number16(unsigned x) {
  return {static_cast<char>(x >> 8 & 0xff), static_cast<char>(x & 0xff)};
}

} // namespace

std::string fake_name_server::answer(std::string_view query) {
  if (query.size() < header_size + 6)
    return {};
  const auto label_size = static_cast<unsigned char>(query[header_size]);
  const std::string label{query.substr(header_size + 1, label_size)};
  const auto name_end = query.find('\0', header_size);
  if (name_end == std::string_view::npos || name_end + 5 > query.size())
    return {};
  const auto question = query.substr(header_size, name_end + 5 - header_size);
  const bool v4 = question[question.size() - 3] == 1; // type A
  std::string address;
  if (label == "inner")
    address = {10, 0, 0, 1};
  else if (label == "turn" && v4)
    address = {static_cast<char>(203), 0, 113, static_cast<char>(turn_++)};
  else if (label.starts_with('a'))
    address = {static_cast<char>(203), 0, 113,
               static_cast<char>(std::atoi(label.c_str() + 1))};
  const bool known = v4 && !address.empty();
  std::string out{query.substr(0, 2)};
  out += number16(0x8180); // an answer, recursion
  out += number16(1) + number16(known ? 1 : 0) + number16(0) + number16(0);
  out += question;
  if (known)
    // The name is that of the question; type A, internet, 60 s.
    out += number16(0xc00c) + number16(1) + number16(1) + number16(0)
           + number16(60) + number16(4) + address;
  return out;
}

} // namespace clearance::test
