#include "services/process/log_queue.hpp"

#include "protocol/base/log_limits.hpp"

#include <utility>

namespace clearance::services {

namespace log_limits = protocol::log_limits;
using actors::severity;

namespace {

constexpr std::size_t index_of(severity x) {
  return static_cast<std::size_t>(x);
}

static_assert(index_of(severity::debug) == 0
              && index_of(severity::notice) == 4);

// The structure itself counts, too. Otherwise many empty lines would take much
// more memory than the bound says.
std::size_t bytes_of(const queued_line& x) {
  auto result = sizeof(queued_line) + x.text.size();
  for (const auto& each : x.fields)
    result += sizeof(std::string) + each.size();
  return result;
}

} // namespace

void log_queue::push(queued_line x) {
  const auto bytes = bytes_of(x);
  if (!make_room(x.level, bytes)) {
    count_lost(x.level);
    return;
  }
  auto& waiting = lanes_[index_of(x.level)];
  waiting.push_back({next_, std::move(x)});
  ++next_;
  ++lines_;
  bytes_ += bytes;
}

bool log_queue::make_room(severity level, std::size_t bytes) {
  if (bytes > log_limits::queue_max_bytes)
    return false;
  auto victim = lanes_.begin();
  const auto end = victim + static_cast<std::ptrdiff_t>(index_of(level));
  while (lines_ >= log_limits::queue_max_lines
         || bytes_ + bytes > log_limits::queue_max_bytes) {
    while (victim != end && victim->empty())
      ++victim;
    if (victim == end)
      return false;
    const auto& last = victim->back().line;
    count_lost(last.level);
    --lines_;
    bytes_ -= bytes_of(last);
    victim->pop_back();
  }
  return true;
}

std::optional<queued_line> log_queue::pop() {
  lane* oldest = nullptr;
  for (auto& each : lanes_)
    if (!each.empty()
        && (oldest == nullptr || each.front().number < oldest->front().number))
      oldest = &each;
  if (oldest == nullptr)
    return std::nullopt;
  auto result = std::move(oldest->front().line);
  --lines_;
  bytes_ -= bytes_of(result);
  oldest->pop_front();
  return result;
}

void log_queue::count_lost(severity level) noexcept {
  ++lost_.all;
  if (level == severity::notice)
    ++lost_.notices;
}

void log_queue::add_lost(const lost_lines& x) noexcept {
  lost_.all += x.all;
  lost_.notices += x.notices;
}

lost_lines log_queue::take_lost() noexcept {
  return std::exchange(lost_, {});
}

} // namespace clearance::services
