/// Limits of terok-clearance-web: value, unit, reason, and what happens at the
/// limit.
#pragma once

#include <chrono>
#include <cstddef>

namespace clearance::protocol::web_limits {

using namespace std::chrono_literals;

/// Connections of browsers. At the limit the oldest connection that has not
/// shown its bearer token is closed; if all have, the new one is closed. So
/// another user of the machine cannot shut the operator out.
inline constexpr std::size_t connections_max = 64;

/// Streams of changes, one for each open page. A browser makes at most six
/// connections to a server, and calls need some of them. One more is answered
/// with 503, and the page says so.
inline constexpr std::size_t streams_max = 4;

/// Bytes of a request's head, and of its body. The page sends less than 1 KiB.
/// A larger one is refused, and the connection closed.
inline constexpr std::size_t head_max_bytes = 8 * 1024;
inline constexpr std::size_t body_max_bytes = 8 * 1024;

/// From the first byte of a request to its last. Then the connection is closed.
inline constexpr auto request_time_limit = 10s;

/// How long a bearer token is valid. Then the page asks for a new start.
inline constexpr auto bearer_lifetime = 12h;

/// How long the link for another window is valid.
inline constexpr auto window_lifetime = 60s;

/// Tokens that are kept. At the limit the oldest is forgotten: its page must be
/// opened again.
inline constexpr std::size_t bearers_max = 16;
inline constexpr std::size_t one_time_tokens_max = 8;

/// Bytes of a stream's piece after which the next piece begins, when the
/// browser has taken this one. A page that does not read costs no more.
inline constexpr std::size_t piece_max_bytes = 64 * 1024;

/// Between two pieces of a stream that say what changed. Changes meanwhile are
/// sent together.
inline constexpr auto piece_interval = 50ms;

} // namespace clearance::protocol::web_limits
