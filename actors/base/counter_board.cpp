#include "actors/base/counter_board.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "protocol/metrics/prometheus.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace clearance::actors {

counter_board::place::~place() {
  if (board_)
    board_->remove(at_);
}

counter_board::place counter_board::add(source x) {
  place result;
  result.at_ = sources_.insert(sources_.end(), std::move(x));
  result.board_ = shared_from_this();
  return result;
}

// If memory is denied, what the part has counted is not remembered.
void counter_board::remove(std::list<source>::iterator at) noexcept {
  if_memory_allows([&] {
    protocol::counter_list last;
    (*at)(last);
    for (const auto& x : last) {
      if (!protocol::only_goes_up(x))
        continue;
      const auto same =
          std::find_if(ended_.begin(), ended_.end(), [&](const auto& y) {
            return x.part == y.part && x.name == y.name;
          });
      if (same == ended_.end())
        ended_.push_back(x);
      else
        same->value += x.value;
    }
  });
  sources_.erase(at);
}

protocol::counter_list counter_board::collect() const {
  auto result = ended_;
  for (const auto& each : sources_)
    each(result);
  return result;
}

counter_board::place show_counters(const counter_board_ptr& on,
                                   counter_board::source x) {
  return on ? on->add(std::move(x)) : counter_board::place{};
}

void log_counters(std::string_view part, const protocol::counter_list& all) {
  std::vector<std::string> values;
  std::vector<log_field> fields;
  values.reserve(all.size());
  fields.reserve(all.size());
  for (const auto& x : all)
    fields.push_back({x.name, values.emplace_back(std::to_string(x.value))});
  log(severity::notice, part, "counters", fields);
}

} // namespace clearance::actors
