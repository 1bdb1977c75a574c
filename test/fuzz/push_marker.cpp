#include "protocol/gate/push_marker.hpp"

#include "protocol/gate/backup.hpp"
#include "protocol/text/text.hpp"
#include "test/fuzz/fuzz.hpp"

#include <string>
#include <vector>

namespace push_marker_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

// Input: a text. All of it is parsed as a marker, each line as a backup's name.
void run(const std::uint8_t* data, std::size_t size) {
  const auto text = std::string(clearance::test::as_text(data, size));
  std::vector<ref_update> updates;
  for (std::size_t at = 0; at < text.size();) {
    auto end = text.find('\n', at);
    if (end == std::string::npos)
      end = text.size();
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (auto x = parse_ref_update(line))
      updates.push_back(std::move(*x));
    const auto from = parse_backup_name(line);
    if (!from)
      continue;
    require(has_stamp(line), "a backup's name has a stamp");
    require(backup_name(from->ref, from->id, from->time, from->mark) == line,
            "a backup's name is what it says");
  }
  const auto notes = notes_for(text, updates);
  const auto done = push_marker({}, push_state::done, updates, notes);
  for (const auto& x : notes)
    require(text.find(x) != std::string::npos, "a note stood there");
  require(notes_for(done, updates) == notes, "notes survive");
}

const clearance::test::fuzzer registered{"push_marker", run};

} // namespace

} // namespace push_marker_fuzzer
