/// Every number the programs promise to hold: value, unit, reason, and what
/// happens at the bound.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::limits {

using namespace std::chrono_literals;

// -- reader lines -------------------------------------------------------------

/// Bytes of one reader line without its newline. A longer one is dropped when
/// its end arrives, counted, and the connection goes on.
inline constexpr std::size_t reader_line_max_bytes = 256 * 1024;

/// Bytes of a malformed line that are logged, before escaping.
inline constexpr std::size_t reader_line_log_max_bytes = 120;

/// Objects and arrays within each other in a reader line, the line's own
/// object included. A deeper line is malformed; real ones nest two deep.
inline constexpr std::size_t reader_nesting_max_depth = 128;

/// Characters of a sanitised string. A longer one keeps its first
/// `text_cut_chars` and ends in "...".
inline constexpr std::size_t text_max_chars = 256;
inline constexpr std::size_t text_cut_chars = 253;

/// Events announced at a time, so that subscribers flush between batches. As
/// many as one write hands to a socket: what a send costs is shared by them.
inline constexpr std::size_t reader_batch_max_events = 192;

/// Events announced at a time times the subscribers that get them. Where one
/// process follows with many connections, what it has to read before it comes
/// back to the first of them stays within what subscriber_progress allows.
inline constexpr std::size_t fan_out_max_deliveries = 64 * 1024;

/// Wire bytes of events that are copied into one piece: a batch ends with the
/// event that reaches them.
inline constexpr std::size_t event_batch_max_bytes = 64 * 1024;

// -- subscribers --------------------------------------------------------------

/// Events and bytes that wait for one subscriber whose socket is full,
/// whichever comes first. At the bound its oldest event is dropped and counted.
inline constexpr std::size_t subscriber_queue_max_events = 128;
inline constexpr std::size_t subscriber_queue_max_bytes = 1024 * 1024;

/// Events handed to the socket in one gathering write, and the most that are
/// held beside the queue while a write is unfinished. Until its actor runs, the
/// queue of a subscriber whose socket is not full holds so many more.
inline constexpr std::size_t subscriber_batch_max_events = 192;

/// Bytes of these: with the piece of a reader's batch that reaches the bound it
/// ends. Queues hold the same newest events, but what a client is stuck in the
/// middle of is its own.
inline constexpr std::size_t subscriber_batch_max_bytes = 64 * 1024;

/// Clients of a hub that follow events. One more is closed.
inline constexpr std::size_t subscribers_max = 4096;

/// A subscriber that took no whole event for this long is not waited for.
inline constexpr auto subscriber_progress = 50ms;

/// Between the two looks that find it so, and the most by which the second one
/// may come late: else it was our own process that made no progress.
inline constexpr auto subscriber_second_look = 5ms;

/// A burst's reader is paused for at most this long, that reader alone ...
inline constexpr auto reader_pause_max = 250ms;

/// ... and earns this much back with every event it brings: subscribers that
/// take 10 000 events a second and more are waited for as long as they do.
inline constexpr auto reader_pause_earned_per_event = 100us;

// -- bindings -----------------------------------------------------------------

/// Bindings that one container may hold. At the bound its oldest goes.
inline constexpr std::size_t open_requests_per_container_max = 4096;

/// Bindings of all containers of one hub. At the bound the oldest of the
/// container that adds one goes; a container that has none gets none.
inline constexpr std::size_t open_requests_total_max = 32768;

/// Bytes that bindings hold (texts and undelivered events), of one container
/// and of all. Treated like the two bounds above.
inline constexpr std::size_t open_requests_per_container_max_bytes =
    2 * 1024 * 1024;
inline constexpr std::size_t open_requests_total_max_bytes = 16 * 1024 * 1024;

// -- varlink ------------------------------------------------------------------

/// Bytes of one varlink message without its NUL. A longer one closes the
/// connection.
inline constexpr std::size_t varlink_message_max_bytes = 1024 * 1024;

/// Nesting of a varlink message. A deeper one is not a call: closed.
inline constexpr std::size_t varlink_nesting_max_depth = 128;

/// Replies waiting for a client that sends calls without reading the answers.
/// Beyond it the client is not read from until it does.
inline constexpr std::size_t varlink_replies_max_bytes = 64 * 1024;

// -- verdicts -----------------------------------------------------------------

/// Run time of the shield. At the bound its process group is killed and the
/// verdict fails.
inline constexpr auto shield_time_limit = 10s;

/// After the shield's exit, for whoever left its process group and still holds
/// stderr. Then the pipe is closed.
inline constexpr auto shield_pipe_grace = 200ms;

/// For a child that is to end: from the end of its pipes to SIGTERM, and from
/// there to SIGKILL. A client that vanished has its backend gone within two
/// seconds.
inline constexpr std::chrono::milliseconds child_pipe_grace = 500ms;
inline constexpr std::chrono::milliseconds child_term_grace = 500ms;

/// A stopping process's patience with a killed child that does not die
/// (uninterruptible sleep). Then it is left to init.
inline constexpr std::chrono::milliseconds child_reap_wait = 1s;

/// Bytes of the shield's stderr that are kept; the rest is read and thrown
/// away.
inline constexpr std::size_t shield_stderr_max_bytes = 512;

/// Shields that run at a time in one process; more verdicts wait their turn.
inline constexpr std::size_t shields_max = 32;

/// Verdicts that wait for a shield or a helper connection. More are refused.
inline constexpr std::size_t verdicts_waiting_max = 1024;

/// For a shield's or a helper connection's turn. Together with the time limit
/// or the deadline that follows below executor_deadline: what was given up as
/// failed must not be run afterwards.
inline constexpr auto shield_turn_max_wait = 45s;

/// Connections to the verdict helper, one verdict at a time on each.
inline constexpr std::size_t helper_connections_max = 8;

/// From the moment a verdict has its connection to the helper. Longer than the
/// helper's own limit, so that its answer wins.
inline constexpr auto helper_deadline = 12s;

/// The registry's patience with its executor, whatever its kind: the time in
/// the queue included. A safety net: executors keep shorter limits themselves.
inline constexpr auto executor_deadline = 60s;

// -- connections --------------------------------------------------------------

/// Bytes taken from a socket at a time.
inline constexpr std::size_t read_max_bytes = 64 * 1024;

/// Bytes that a framer keeps for its next unfinished frame, and the size of the
/// largest message after which a parser keeps its memory (some 20 times that).
/// What a larger one took is given back at once: an idle process keeps nothing
/// of the largest message it ever saw.
inline constexpr std::size_t kept_max_bytes = 4096;

/// Bytes that all connections of one listening socket hold beyond small ones:
/// of unfinished frames and of unread replies what is above kept_max_bytes, and
/// reads above that that are not handled yet. At the bound a reader's line that
/// is longer than kept_max_bytes is dropped when its end arrives, a client's
/// message or unread replies of that size close its connection, and reads bring
/// 1 KiB at a time. Ordinary lines and calls are smaller: nobody can keep them
/// out.
inline constexpr std::size_t held_max_bytes = 32 * 1024 * 1024;

/// Accepted connections of one listening socket. At the bound new ones wait in
/// the kernel's queue.
inline constexpr std::size_t connections_max = 8192;

/// Connections the kernel queues for a listening socket before `accept`.
inline constexpr int listen_backlog = 512;

/// How long a listener rests when descriptors or memory ran out.
inline constexpr auto accept_backoff = 100ms;

// -- service manager ----------------------------------------------------------

/// A status that changes is told at once, and then not before this is over:
/// what people look at need not follow a crowd of clients one by one.
inline constexpr auto status_interval = 1s;

// -- log ----------------------------------------------------------------------

/// Lines about the same kind of fault (of one reader; of the map) in each
/// interval. Further ones are counted and summed up with the next.
inline constexpr std::size_t log_max_lines = 64;
inline constexpr auto log_interval = 1s;

/// Lines in each interval about all peers of one kind: readers, clients whose
/// verdicts are denied. The same happens.
inline constexpr std::size_t log_max_lines_of_all = 128;

/// Lines of a whole process: what it may log in each interval, and what it may
/// save up for a burst, many containers' start for one. `log_max_lines` more in
/// each interval may be errors, so that nobody's warnings hide ours. Notices
/// pass, the audit trail among them: who can have a verdict run is trusted, and
/// what is denied is bounded before. All that is less than what journald takes
/// of a service, 10 000 in 30 s; beyond it would drop lines unseen, notices
/// too. More are counted and summed up in one line. Source: journald.conf(5).
inline constexpr std::size_t log_max_lines_in_all = 192;
inline constexpr std::size_t log_burst_max_lines = 1920;

} // namespace clearance::protocol::limits
