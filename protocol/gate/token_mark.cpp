#include "protocol/gate/token_mark.hpp"

#include <algorithm>
#include <cstddef>

namespace clearance::protocol {

namespace {

constexpr std::size_t mark_digits = 8;
constexpr std::string_view mark_alphabet = "0123456789abcdef";

} // namespace

std::string token_mark(const sha256_digest& token) {
  std::string result;
  for (std::size_t i = 0; i < mark_digits / 2; ++i) {
    result += mark_alphabet[token[i] >> 4U];
    result += mark_alphabet[token[i] & 0xfU];
  }
  return result;
}

bool is_token_mark(std::string_view text) noexcept {
  return text.size() == mark_digits
         && text.find_first_not_of(mark_alphabet) == text.npos;
}

} // namespace clearance::protocol
