#include "services/client/repeated_blocks.hpp"

#include "protocol/operator/client_limits.hpp"

#include <utility>

namespace clearance::services {

std::uint64_t repeated_blocks::add(std::string_view hub,
                                   const protocol::event& x) {
  if (x.type != protocol::event_type::connection_blocked)
    return 0;
  // None of the texts has a NUL: a path, and texts that the hub sanitised.
  std::string key{hub};
  key += '\0';
  key += x.container;
  key += '\0';
  key += x.target();
  const auto [at, is_new] = shown_.try_emplace(key, 0);
  if (!is_new)
    return ++at->second;
  oldest_first_.push_back(std::move(key));
  if (oldest_first_.size() > protocol::client_limits::remembered_blocks_max) {
    shown_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  return 0;
}

} // namespace clearance::services
