/// The DNS name that an address had last.
#pragma once

#include "protocol/guard/dns_answer.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Remembers guard_limits::names_max addresses. A name is a claim: it labels a
/// block for people and opens nothing.
class name_labels {
public:
  void add(const dns_answer& x);

  /// Empty: none was seen, or it was forgotten. Valid until the next add().
  std::string_view of(const ip_address& x) const;

  /// Calls `f` with each address and its name.
  template <class F>
  void each(F f) const {
    for (const auto& x : entries_)
      f(x.address, x.name);
  }

  std::size_t size() const noexcept { return places_.size(); }

private:
  struct entry {
    ip_address address;
    std::string name;
  };

  std::list<entry> entries_; // the one that was seen longest ago first
  std::map<ip_address, std::list<entry>::iterator> places_;
};

} // namespace clearance::protocol
