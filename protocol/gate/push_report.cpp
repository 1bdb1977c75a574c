#include "protocol/gate/push_report.hpp"

#include "protocol/gate/limits.hpp"

#include <algorithm>
#include <charconv>

namespace clearance::protocol {

namespace {

constexpr std::size_t length_digits = 4;
constexpr std::size_t packet_max_bytes = 65520; // the largest pkt-line
constexpr auto word_max_bytes = gate_limits::backend_log_line_max_bytes;

// Nothing but digits; else the largest number, which is too large.
std::size_t parse_length(std::string_view text) noexcept {
  unsigned result = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, result, 16);
  return error == std::errc{} && end == last ? result : std::size_t(-1);
}

} // namespace

push_report::packets::what
push_report::packets::next(std::string_view& bytes, std::string_view& payload) {
  if (complete_) {
    held_.clear();
    complete_ = false;
  }
  auto take_up_to = [&](std::size_t size) {
    const auto n = std::min(bytes.size(), size - held_.size());
    held_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    return held_.size() == size;
  };
  if (held_.size() < length_digits && !take_up_to(length_digits))
    return what::need_more;
  const auto length =
      parse_length(std::string_view(held_).substr(0, length_digits));
  if (length == 0) {
    complete_ = true;
    return what::flush;
  }
  if (length < length_digits || length > packet_max_bytes)
    return what::malformed;
  if (!take_up_to(length))
    return what::need_more;
  complete_ = true;
  payload = std::string_view(held_).substr(length_digits);
  return what::payload;
}

void push_report::feed(std::string_view bytes) {
  std::string_view payload;
  while (!broken_) {
    switch (outer_.next(bytes, payload)) {
    case packets::what::need_more:
      return;
    case packets::what::flush:
      break;
    case packets::what::malformed:
      broken_ = true;
      break;
    case packets::what::payload:
      take(payload);
    }
  }
}

// Without side bands the report itself stands there: `unpack ok` first.
void push_report::take(std::string_view payload) {
  if (payload.empty())
    return;
  switch (payload.front()) {
  case 1:
    return take_report(payload.substr(1));
  case 2:
  case 3: // a fatal error
    return take_words(payload.substr(1));
  default:
    return take_line(payload);
  }
}

void push_report::take_report(std::string_view bytes) {
  std::string_view payload;
  while (!broken_) {
    switch (inner_.next(bytes, payload)) {
    case packets::what::need_more:
      return;
    case packets::what::flush:
      break;
    case packets::what::malformed:
      broken_ = true;
      break;
    case packets::what::payload:
      take_line(payload);
    }
  }
}

void push_report::take_line(std::string_view line) {
  constexpr std::string_view not_good = "ng ";
  if (!line.starts_with(not_good))
    return;
  line.remove_prefix(not_good.size());
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  if (declined_++ == 0)
    first_ = line.substr(0, word_max_bytes);
}

// Progress, which overwrites itself, ends in a carriage return.
void push_report::take_words(std::string_view text) {
  for (const char c : text) {
    if (c == '\r')
      words_.clear();
    if (c == '\n' && !words_.empty()
        && said_.size() < gate_limits::backend_log_max_lines)
      said_.push_back(words_);
    if (c == '\n')
      words_.clear();
    else if (c != '\r' && words_.size() < word_max_bytes)
      words_ += c;
  }
}

} // namespace clearance::protocol
