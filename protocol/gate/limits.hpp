/// Limits of terok-gate: value, unit, reason, and what happens at the limit.
/// What is common to all programs is in protocol/base/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::gate_limits {

using namespace std::chrono_literals;

// -- requests -----------------------------------------------------------------

/// Bytes of a request's line and headers, their final empty line included.
/// Git's are below 1 KiB. Beyond it: 431 and close.
inline constexpr std::size_t head_max_bytes = 16 * 1024;

/// From a request's first byte (of a new connection: from its start) to the
/// end of its headers. Beyond it: 408 and close.
inline constexpr auto head_time_limit = 10s;

/// Between two pieces of a request's body. Long, because git computes a pack
/// while it sends it. Beyond it: the backend is killed, 408 and close.
inline constexpr auto body_time_limit = 60s;

/// Between two requests of a connection. Then it is closed.
inline constexpr auto idle_time_limit = 60s;

/// A client that takes no byte of its response for this long is cut off, its
/// backend killed.
inline constexpr auto write_time_limit = 60s;

/// Bytes of a refused request's body that are read and thrown away before the
/// refusal is sent, and for how long. A proxy (nginx) that sees a response
/// while it sends a body does not pass it on. A body that is larger or slower:
/// the refusal is sent, and the connection closed behind it.
inline constexpr std::size_t drain_max_bytes = 1024 * 1024;
inline constexpr auto drain_time_limit = 5s;

/// Bytes of the body of a fetch (`/git-upload-pack`), as it comes. Git holds it
/// whole in memory; 16 MiB are some 300 000 ids. Beyond it: 413 and close.
inline constexpr std::size_t fetch_body_max_bytes = 16 * 1024 * 1024;

/// Bytes of the body of a fetch up to which the gate starts `git upload-pack`
/// itself and holds what it writes back until the body is whole. It must fit
/// into the socket to git. Beyond it: `git http-backend`, which holds the body.
/// (Git compresses what is above 1 KiB, and that is for `git http-backend`.)
inline constexpr std::size_t direct_fetch_body_max_bytes = 64 * 1024;

/// The bytes a second that a body brings at least, over so much time in which
/// the gate waits for it. A slower one is ended with 408 while other requests
/// wait for its slot, and only then.
inline constexpr std::size_t body_rate_min_bytes = 1024;
inline constexpr auto body_rate_window = 60s;

/// After the last response: time and bytes for which a closing connection is
/// still read from, so that a client which sends sees the response and not a
/// reset. Source: RFC 9112, section 9.6.
inline constexpr auto linger_time = 2s;
inline constexpr std::size_t linger_max_bytes = 4 * 1024 * 1024;

/// Bytes of one chunk's header or of the trailer behind the last chunk.
/// Beyond it: 400 and close.
inline constexpr std::size_t chunk_line_max_bytes = 4 * 1024;

// -- connections --------------------------------------------------------------

/// Accepted connections. At the bound new ones wait in the kernel's queue.
inline constexpr std::size_t connections_max = 512;

// -- tokens -------------------------------------------------------------------

/// Bytes of a token. A longer one is refused when it is configured.
inline constexpr std::size_t token_max_bytes = 1024;

/// A request with a wrong token gets its 403 so much later: guessing is slow.
inline constexpr auto auth_failure_delay = 1s;

/// Wrong tokens that are slowed down at a time; more get 403 at once, so that
/// guessers hold no memory and no connection of ours.
inline constexpr std::size_t auth_failures_slowed_max = 16;

/// Bytes of a grants file, and grants in it. A larger one is refused as a
/// whole.
inline constexpr std::size_t grants_file_max_bytes = 1024 * 1024;
inline constexpr std::size_t grants_max = 4096;

// -- backends -----------------------------------------------------------------

/// Requests that a git process (`git upload-pack`, `git receive-pack` or `git
/// http-backend`) answers at a time.
inline constexpr std::size_t backends_max = 16;

/// Requests that wait for a backend. More get 503 with Retry-After.
inline constexpr std::size_t backends_waiting_max = 64;

/// Where the grants are of more than one token, one token gets this part of
/// the backends (8 of 16), and of the places to wait (32 of 64). What is beyond
/// its places to wait, or waits too long: 429 with Retry-After.
inline constexpr std::size_t token_share_divisor = 2;

/// While requests wait, bodies that are too slow are looked for this often.
inline constexpr auto crowd_interval = 1s;

/// How long a request waits for a backend. Then 503 with Retry-After.
inline constexpr auto backend_wait_max = 10s;

/// The value of Retry-After.
inline constexpr auto retry_after = 5s;

/// A backend that neither reads nor writes for this long, while it could, is
/// killed: 504 before the response, else the connection is cut. Git says
/// something every 5 seconds while it works (uploadpack.keepAlive).
inline constexpr auto backend_time_limit = 120s;

/// A backend that has closed stdout and does not exit: killed. Also whoever
/// left its group and keeps stderr.
inline constexpr auto backend_exit_grace = 2s;

/// Bytes of stdout that a backend is heard out for once its client has left. A
/// report on a push is shorter. Then its stdout is closed.
inline constexpr std::size_t backend_last_words_max_bytes = 64 * 1024;

/// A push that has read its whole request body and whose client leaves: it runs
/// on for this long, so that it ends by itself and its hooks do, too. Its
/// output is thrown away. Then it is ended as any other.
inline constexpr auto push_alone_time = 30s;

/// Bytes of a backend's header block. Beyond it: 502.
inline constexpr std::size_t cgi_head_max_bytes = 16 * 1024;

/// Bytes held between client and backend, in each direction.
inline constexpr std::size_t pump_max_bytes = 64 * 1024;

/// A backend's stderr: lines that are logged, and bytes of each; the others
/// are counted.
inline constexpr std::size_t backend_log_max_lines = 20;
inline constexpr std::size_t backend_log_line_max_bytes = 512;

/// How often a request under way is looked at: is its client still there, has
/// a time limit passed. Nothing is looked at while no request is.
inline constexpr auto vigil_interval = 500ms;

// -- hooks --------------------------------------------------------------------

/// Branches that a push changes and that git is asked about, one by one,
/// whether they have only moved forward. When there are more, every old tip is
/// saved: git 2.39 has no question for many at a time.
inline constexpr std::ptrdiff_t forward_questions_max = 16;

/// Backups in one repository. A push that needs one more is refused, and the
/// log says so: a bound that removed old ones would let junk push out what it
/// replaced.
inline constexpr std::size_t backups_max = 10'000;

/// Where the grants are of more than one token, one token's pushes make at most
/// so many of them: else one token could refuse the others' pushes.
inline constexpr std::size_t backups_of_token_max =
    backups_max / token_share_divisor;

/// How old a backup gets, unless the operator says otherwise. Nothing else
/// removes one.
inline constexpr auto backup_age = std::chrono::hours{24} * 30;

/// Backups that are files of their own. When there are more, an idle gate packs
/// the refs.
inline constexpr std::size_t loose_backups_max = 1000;

/// A gate with hooks removes expired backups and packs refs when a push has
/// ended and no request has had a slot for upkeep_idle_time; else
/// upkeep_interval after the last time.
inline constexpr auto upkeep_idle_time = 10s;
inline constexpr auto upkeep_interval = std::chrono::hours{24};

/// How long the gate waits for the end of that, to log what was done. Then it
/// goes on alone: it is never killed.
inline constexpr auto upkeep_wait_max = std::chrono::minutes{10};

/// Bytes that are logged of what was done.
inline constexpr std::size_t upkeep_log_max_bytes = 8 * 1024;

// -- stopping -----------------------------------------------------------------

/// For transfers that run when the gate is told to stop. Then they are cut.
inline constexpr auto stop_grace = 4s;

} // namespace clearance::protocol::gate_limits
