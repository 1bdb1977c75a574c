/// The file `terok-push-marker`: tells people and programs of the last push.
/// Source: gate.md, section 4.
#pragma once

#include "protocol/gate/ref_update.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

enum class push_state : std::uint8_t {
  asked, ///< all backups are made; the refs have not moved yet
  done,  ///< the refs have moved
};

/// The whole file. Refs are escaped here; notes are printable already.
std::string push_marker(std::chrono::sys_seconds now, push_state state,
                        const std::vector<ref_update>& updates,
                        const std::vector<std::string>& notes);

/// A note of what was saved, printable.
std::string saved_note(std::string_view backup_name);

/// Copies those notes of the marker `text` that tell of backups of `updates`.
/// The marker may be that of another push; its notes are left out. Any text is
/// taken.
std::vector<std::string> notes_for(std::string_view text,
                                   const std::vector<ref_update>& updates);

} // namespace clearance::protocol
