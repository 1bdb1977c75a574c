#include "protocol/hub/open_request.hpp"

#include <algorithm>

namespace clearance::protocol {

void open_request::set_texts(std::string_view request_id,
                             std::string_view target) {
  const auto size = request_id.size() + target.size();
  long_texts.reset(size > short_texts.size() ? new char[size] : nullptr);
  auto* to = size > short_texts.size() ? long_texts.get() : short_texts.data();
  std::copy(target.begin(), target.end(),
            std::copy(request_id.begin(), request_id.end(), to));
  id_size = static_cast<std::uint32_t>(request_id.size());
  target_size = static_cast<std::uint32_t>(target.size());
}

} // namespace clearance::protocol
