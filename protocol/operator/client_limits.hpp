/// Limits of the operators' clients: value, unit, reason, and what happens at
/// the limit.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::client_limits {

using namespace std::chrono_literals;

/// Prompts of one hub that a client lists, decided and gone ones included: more
/// than a hub keeps. At the limit a new prompt is left out and counted.
inline constexpr std::size_t listed_prompts_per_hub_max = 40'000;

/// Prompts that a client makes of the blocks of a hub that has no operator
/// interface. At the limit the oldest one is forgotten.
inline constexpr std::size_t folded_prompts_max = 4096;

/// Targets of containers that `watch` remembers to say which blocks are
/// repeated. At the limit it forgets the oldest one.
inline constexpr std::size_t remembered_blocks_max = 4096;

/// Hubs that one client follows. At the limit the others are left out, and the
/// client says so.
inline constexpr std::size_t followed_hubs_max = 256;

/// Prompts that left a client's list and that the list still names, for pages
/// of a browser that come back. For one that was away longer the whole list is
/// sent.
inline constexpr std::size_t removals_kept_max = 4096;

/// One frame between a client and `relay --stdio`, its NUL excluded, and the
/// message in it: a longer one ends the connection, or the channel of a hub
/// that sent it.
inline constexpr std::size_t relay_frame_max_bytes = 1024 * 1024;

/// Connections to hubs through one relay, and what may be on its way on each,
/// in each direction. At the first limit a channel is closed with a reason; at
/// the second the hub is not read.
inline constexpr std::size_t relay_channels_max = 256;
inline constexpr std::size_t relay_credit_bytes = 64 * 1024;

/// The path of a hub's socket as a relay may tell it. A longer one ends the
/// connection; no socket has a longer one.
inline constexpr std::size_t relayed_path_max_bytes = 107;

/// Between two attempts to reach a host that is away: the first pause, which is
/// doubled each time, up to the second. After a connection of that length the
/// pause is the first one again.
inline constexpr auto host_pause_min = 1s;
inline constexpr auto host_pause_max = 60s;

/// Containers that have a notification of their own on the desktop, and
/// targets, or containers of a summary, that one names. At the first limit
/// there is one summary instead; the others are counted.
inline constexpr std::size_t notified_containers_max = 3;
inline constexpr std::size_t notified_targets_max = 5;

/// Between two replacements of one notification, and between any two that are
/// sent. Changes meanwhile are shown together.
inline constexpr auto notification_interval = 1s;
inline constexpr auto notifications_interval = 250ms;

/// Before a notification that the server refused is sent again.
inline constexpr auto notification_retry_interval = 10s;

/// How long the desktop shows what became of a prompt.
inline constexpr auto farewell_time = 4s;

/// Bytes of a command of --plain, of a reason and of a filter. A longer command
/// is refused; more keys are ignored.
inline constexpr std::size_t command_line_max_bytes = 4096;
inline constexpr std::size_t typed_text_max_bytes = 512;

/// How long a prompt must have been on the screen before a key decides it, and
/// how long nothing must have moved below the selection, and nothing come from
/// the terminal after a pasted text. A key before is ignored, and the second
/// time begins again.
inline constexpr auto on_screen_min = 500ms;
inline constexpr auto after_move_min = 350ms;

/// More marked prompts than this are decided only after their number was typed.
inline constexpr std::size_t unconfirmed_marks_max = 5;

/// Between two pictures of the terminal. Changes meanwhile are shown together.
inline constexpr auto picture_interval = 50ms;

/// A terminal that takes a picture more slowly shows it later than it was
/// drawn: the time on the screen begins again.
inline constexpr auto picture_blocked_max = 100ms;

/// How long a client waits for the rest of a key that begins with Esc. Then it
/// was the key Esc.
inline constexpr auto escape_time = 25ms;

/// How long the terminal must be silent after bytes that are no key. What comes
/// before may belong to them and is ignored, Ctrl-C excepted.
inline constexpr auto no_key_silence = 300ms;

/// A pasted text whose end does not come ends after this silence. It is
/// dropped, and the client says so.
inline constexpr auto paste_silence = 1000ms;

} // namespace clearance::protocol::client_limits
