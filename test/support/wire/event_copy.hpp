/// Events whose texts lie elsewhere, and events that own their texts.
#pragma once

#include "protocol/hub/event.hpp"

#include <string>
#include <string_view>

namespace clearance::test {

template <class To, class From>
protocol::basic_event<To> event_copy(const protocol::basic_event<From>& x) {
  protocol::basic_event<To> result{
      x.type,  To{x.container}, To{x.request_id}, To{x.dest}, x.port,
      x.proto, To{x.domain},    To{x.action},     x.ok,       To{x.reason},
      {}};
  for (const auto& [key, value] : x.dossier)
    result.dossier.emplace_back(key, value);
  return result;
}

inline protocol::event owned(const protocol::event_view& x) {
  return event_copy<std::string>(x);
}

/// `x` must outlive the result.
inline protocol::event_view view_of(const protocol::event& x) {
  return event_copy<std::string_view>(x);
}

} // namespace clearance::test
