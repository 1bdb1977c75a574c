#include "protocol/json/plain_json.hpp"

namespace clearance::protocol {

bool plain_json_reader::take_string(std::string_view& out) noexcept {
  if (!take_mark('"'))
    return false;
  for (const auto* end = at_; end < end_; end += byte_word::size) {
    auto marked = byte_word::load(end).not_plain();
    if (marked == 0)
      continue;
    end += byte_word::first(marked);
    if (*end != '"' || end >= end_)
      return false;
    out = {at_, static_cast<std::size_t>(end - at_)};
    at_ = end + 1;
    return true;
  }
  return false;
}

bool plain_json_reader::take(value&, json_item& out) noexcept {
  if (*at_ == '"') {
    out.type = json_item::kind::string;
    return take_string(out.text);
  }
  const auto* begin = at_;
  while (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ' ')
    ++at_;
  return scalar({begin, static_cast<std::size_t>(at_ - begin)}, out);
}

} // namespace clearance::protocol
