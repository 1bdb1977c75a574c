#include "protocol/json/plain_json.hpp"

namespace clearance::protocol {

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
