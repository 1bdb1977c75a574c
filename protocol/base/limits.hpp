/// Limits of the hub and the verdict helper: value, unit, reason, and what
/// happens at the limit. The other programs' own limits are in limits.hpp of
/// protocol/gate, guard, operator and supervisor.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::limits {

using namespace std::chrono_literals;

// -- reader lines -------------------------------------------------------------

/// Bytes of one reader line without its newline. A longer line is dropped and
/// counted when its end arrives, and the connection goes on.
inline constexpr std::size_t reader_line_max_bytes = 256 * 1024;

/// Bytes of a malformed line that are logged, counted before escaping.
inline constexpr std::size_t reader_line_log_max_bytes = 120;

/// How deep objects and arrays may be nested in a reader line, the line's own
/// object included. A deeper line is malformed. Real lines are nested two deep.
inline constexpr std::size_t reader_nesting_max_depth = 128;

/// Characters of a sanitised string. Of a longer one, the first
/// `text_cut_chars` are kept and "..." is added.
inline constexpr std::size_t text_max_chars = 256;
inline constexpr std::size_t text_cut_chars = 253;

/// Events that are announced together. Subscribers write to their sockets
/// between two batches. One write hands a whole batch to a socket, so its
/// events share the cost of the system call.
inline constexpr std::size_t reader_batch_max_events = 192;

/// Events that are announced together, times the subscribers that get them. One
/// client process may follow with many connections. This limit bounds what it
/// has to read before it comes back to the first of them, so that it stays
/// within subscriber_progress.
inline constexpr std::size_t fan_out_max_deliveries = 64 * 1024;

/// Bytes of encoded events that are copied into one piece of memory. A batch
/// ends with the event that reaches this size.
inline constexpr std::size_t event_batch_max_bytes = 64 * 1024;

// -- subscribers --------------------------------------------------------------

/// Events and bytes that wait for one subscriber whose socket is full. At the
/// limit that is reached first its oldest event is dropped and counted.
inline constexpr std::size_t subscriber_queue_max_events = 128;
inline constexpr std::size_t subscriber_queue_max_bytes = 1024 * 1024;

/// Events that are handed to the socket in one gathering write. This is also
/// the most that is held beside the queue while a write is unfinished. While a
/// subscriber's socket is not full, its queue may hold this many more events
/// until the subscriber's actor runs.
inline constexpr std::size_t subscriber_batch_max_events = 192;

/// Bytes of these events. The piece that brings the write to this size is its
/// last one. A client that stops reading in the middle of a write holds up
/// these bytes for itself alone: the queues of all clients hold the same newest
/// events.
inline constexpr std::size_t subscriber_batch_max_bytes = 64 * 1024;

/// Clients of a hub that follow events. The connection of one more is closed.
inline constexpr std::size_t subscribers_max = 4096;

/// A subscriber that accepts no whole event for this long makes no progress.
/// The hub does not wait for it any more.
inline constexpr auto subscriber_progress = 50ms;

/// A subscriber is found to make no progress by two looks, this long apart. If
/// the second look is late by more than this, the hub's own process was
/// delayed, and the subscriber is not blamed.
inline constexpr auto subscriber_second_look = 5ms;

/// The hub stops reading from one reader for at most this long in a burst.
/// Other readers are not affected.
inline constexpr auto reader_pause_max = 250ms;

/// Each event of a reader gives this much of its pause back. Subscribers that
/// take 10 000 events a second or more are thus waited for as long as they do
/// so.
inline constexpr auto reader_pause_earned_per_event = 100us;

// -- open requests ------------------------------------------------------------

/// Open requests of one container. At the limit the container's oldest one is
/// removed.
inline constexpr std::size_t open_requests_per_container_max = 4096;

/// Open requests of all containers of one hub. At the limit the oldest one of
/// the container that adds one is removed. A container that has none to give
/// gets none.
inline constexpr std::size_t open_requests_total_max = 32768;

/// Bytes of the open requests (their texts and undelivered events) of one
/// container and of all containers. At these limits the same happens.
inline constexpr std::size_t open_requests_per_container_max_bytes =
    2 * 1024 * 1024;
inline constexpr std::size_t open_requests_total_max_bytes = 16 * 1024 * 1024;

// -- varlink ------------------------------------------------------------------

/// Bytes of one varlink message without its NUL. A longer message closes the
/// connection.
inline constexpr std::size_t varlink_message_max_bytes = 1024 * 1024;

/// How deep a varlink message may be nested. A deeper message closes the
/// connection.
inline constexpr std::size_t varlink_nesting_max_depth = 128;

/// Bytes of replies that wait for a client that sends calls without reading the
/// answers. At the limit the client is not read from until it reads.
inline constexpr std::size_t varlink_replies_max_bytes = 64 * 1024;

// -- verdicts -----------------------------------------------------------------

/// How long the shield may run. At the limit its process group is killed and
/// the verdict fails.
inline constexpr auto shield_time_limit = 10s;

/// How long to wait for stderr's end after the shield has ended. A process that
/// left the shield's process group may still hold stderr open. Then the pipe is
/// closed.
inline constexpr auto shield_pipe_grace = 200ms;

/// How a child process is ended: its pipes end, after the first time it gets
/// SIGTERM, after the second time SIGKILL, if the kernel can deliver it then. A
/// git whose client has left is gone within two seconds.
inline constexpr std::chrono::milliseconds child_pipe_grace = 500ms;
inline constexpr std::chrono::milliseconds child_term_grace = 500ms;

/// How long a stopping process waits for a killed child that does not die
/// (uninterruptible sleep). Then the child is left to init.
inline constexpr std::chrono::milliseconds child_reap_wait = 1s;

/// Bytes of the shield's stderr that are kept. The rest is read and thrown
/// away.
inline constexpr std::size_t shield_stderr_max_bytes = 512;

/// Shields that run at a time in one process. More verdicts wait.
inline constexpr std::size_t shields_max = 32;

/// Verdicts that wait for a shield or for a connection to the helper. One more
/// fails at once.
inline constexpr std::size_t verdicts_waiting_max = 1024;

/// How long a verdict waits for a shield or for a connection to the helper.
/// This time and the time that the shield or the helper then has are together
/// less than executor_deadline: a verdict that the registry has given up must
/// not be executed afterwards.
inline constexpr auto shield_turn_max_wait = 45s;

/// Connections to the verdict helper, with one verdict at a time on each.
inline constexpr std::size_t helper_connections_max = 8;

/// How long the helper may take for a verdict, from the moment that the verdict
/// has a connection. Longer than the helper's own limit, so that the helper's
/// answer arrives first.
inline constexpr auto helper_deadline = 12s;

/// How long the registry waits for any executor, its queue included. A safety
/// net: executors have shorter limits of their own.
inline constexpr auto executor_deadline = 60s;

// -- connections --------------------------------------------------------------

/// Bytes taken from a socket by one read.
inline constexpr std::size_t read_max_bytes = 64 * 1024;

/// Bytes that a framer keeps allocated for its next unfinished frame, and the
/// size of the largest message after which a parser keeps its memory (some 20
/// times this). Memory for larger messages is given back at once, so that an
/// idle process does not keep what the largest message it ever saw took.
inline constexpr std::size_t kept_max_bytes = 4096;

/// Bytes that all connections of one listening socket hold together: of
/// unfinished frames and unread replies the part above kept_max_bytes, and
/// reads above that size that are not handled yet. At the limit a reader's line
/// longer than kept_max_bytes is dropped when its end arrives; a client's
/// message or unread replies of that size close the connection; and a read
/// takes 1 KiB. Ordinary lines and calls are smaller, so nobody can keep them
/// out.
inline constexpr std::size_t held_max_bytes = 32 * 1024 * 1024;

/// Memory that a process holds for answers that somebody waits for. Where
/// memory is denied to one, this is given away for it, and taken again when
/// there is enough.
inline constexpr std::size_t memory_reserve_bytes = 64 * 1024;

/// Memory of events that a thread keeps for the next ones, and the largest
/// piece of it. In a burst some 600 events live together.
inline constexpr std::size_t kept_blocks_max_bytes = 512 * 1024;
inline constexpr std::size_t kept_block_max_bytes = 1024;

/// Accepted connections of one listening socket. At the limit new ones wait in
/// the kernel's queue.
inline constexpr std::size_t connections_max = 8192;

/// Connections that the kernel queues for a listening socket before `accept`.
inline constexpr int listen_backlog = 512;

/// How long a listener accepts nothing after descriptors or memory ran out.
inline constexpr auto accept_backoff = 100ms;

/// How often a program looks for the directory of a socket whose directory is
/// gone. A socket's file that is gone is noticed at once.
inline constexpr auto socket_look_interval = 1s;

// -- service manager ----------------------------------------------------------

/// A change of the status is sent to the service manager at once, further
/// changes only after this time. People who look at the status need not see
/// every client of a crowd come.
inline constexpr auto status_interval = 1s;

// -- log ----------------------------------------------------------------------

/// Log lines in each interval about one kind of fault of one cause, such as a
/// reader or the store of open requests. More lines are counted, and the next
/// line says how many.
inline constexpr std::size_t log_max_lines = 64;
inline constexpr auto log_interval = 1s;

/// Log lines in each interval about all peers of one kind, such as all readers,
/// or all clients whose verdicts are denied. More lines are counted in the same
/// way.
inline constexpr std::size_t log_max_lines_of_all = 128;

/// Log lines of a whole process: how many it may write in each interval, and
/// how many it may save up for a burst, such as the start of many containers.
/// In each interval `log_max_lines` more may be errors, so that warnings about
/// peers cannot hide our own errors. Notices are always written, the audit
/// trail among them: they are bounded elsewhere, because whoever can have a
/// verdict executed is trusted, and denied verdicts have limits of their own.
/// All this is less than the 10 000 lines in 30 s that journald accepts from a
/// service; beyond that journald would drop lines, notices too. Lines above the
/// limit are counted, and one line says how many. Source: journald.conf(5).
inline constexpr std::size_t log_max_lines_in_all = 192;
inline constexpr std::size_t log_burst_max_lines = 1920;

} // namespace clearance::protocol::limits
