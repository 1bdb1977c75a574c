#include "protocol/guard/name_labels.hpp"

#include "protocol/guard/limits.hpp"

#include <iterator>

namespace clearance::protocol {

void name_labels::add(const dns_answer& x) {
  for (const auto& y : x.addresses) {
    const auto known = places_.find(y.address);
    if (known != places_.end()) {
      known->second->name = x.name;
      entries_.splice(entries_.end(), entries_, known->second);
      continue;
    }
    entries_.push_back({y.address, x.name});
    places_.emplace(y.address, std::prev(entries_.end()));
    if (entries_.size() > guard_limits::names_max) {
      places_.erase(entries_.front().address);
      entries_.pop_front();
    }
  }
}

std::string_view name_labels::of(const ip_address& x) const {
  const auto known = places_.find(x);
  return known == places_.end() ? std::string_view{}
                                : std::string_view{known->second->name};
}

} // namespace clearance::protocol
