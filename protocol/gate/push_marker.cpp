#include "protocol/gate/push_marker.hpp"

#include "protocol/gate/backup.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr std::string_view saved = "gate: saved ";

std::string_view word_of(push_state x) noexcept {
  switch (x) {
  case push_state::asked:
    return "asked";
  case push_state::done:
    return "done";
  }
  return {};
}

} // namespace

std::string push_marker(std::chrono::sys_seconds now, push_state state,
                        const std::vector<ref_update>& updates,
                        const std::vector<std::string>& notes) {
  auto result = extended_utc(now) + '\n';
  result.append(word_of(state)).push_back('\n');
  for (const auto& x : updates)
    result += x.old_id + ' ' + x.new_id + ' ' + escaped(x.ref) + '\n';
  for (const auto& x : notes)
    result += x + '\n';
  return result;
}

std::string saved_note(std::string_view backup_name) {
  return std::string(saved) + escaped(backup_name);
}

std::vector<std::string> notes_for(std::string_view text,
                                   const std::vector<ref_update>& updates) {
  // The text has escaped refs; so these are escaped, too.
  std::set<std::string> endings;
  for (const auto& x : updates)
    endings.insert(x.old_id + ' ' + escaped(x.ref));
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(saved))
      continue;
    const auto from = parse_backup_name(line.substr(saved.size()));
    if (from && endings.contains(from->id + ' ' + from->ref))
      result.emplace_back(line);
  }
  return result;
}

} // namespace clearance::protocol
