/// Limits of terok-guard: value, unit, reason, and what happens at the limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace clearance::protocol::guard_limits {

using namespace std::chrono_literals;

/// NFLOG groups of a guarded network namespace: one for blocked packets, one
/// for DNS answers. Each network namespace has groups of its own.
inline constexpr std::uint16_t block_group = 100;
inline constexpr std::uint16_t answer_group = 101;

/// Bytes of a blocked packet that the kernel hands on. Enough for the longest
/// chain of headers that is followed.
inline constexpr std::size_t blocked_packet_max_bytes = 128;

/// Bytes of a DNS answer that the kernel hands on. A longer answer is cut, and
/// its last records are not read.
inline constexpr std::size_t answer_packet_max_bytes = 4096;

/// Extension headers of an IPv6 packet that are followed. Behind more of them
/// the packet has no port; its destination is known all the same.
inline constexpr std::size_t extension_headers_max = 8;

/// Records of a DNS answer that are read. More are ignored.
inline constexpr std::size_t answer_max_records = 64;

/// How many CNAME records lead from the name that was asked for to an address.
/// Addresses behind more of them are ignored.
inline constexpr std::size_t answer_max_aliases = 8;

/// Compression pointers that are followed in one name. With more of them the
/// answer is malformed.
inline constexpr std::size_t name_max_pointers = 16;

/// Addresses whose last DNS name is remembered. At the limit the name that was
/// seen longest ago is forgotten.
inline constexpr std::size_t names_max = 1024;

/// How long a target that was told to the hub is not told again.
inline constexpr auto block_repeat = 30s;

/// Targets that are remembered as told. At the limit the one that was told
/// longest ago is forgotten; it may then be told again before its time.
inline constexpr std::size_t targets_max = 4096;

/// With `--on-block hold`: how long a target waits for a verdict; then it is
/// refused. Programs do not wait longer either. And how long after its first
/// packet it may wait again.
inline constexpr std::chrono::seconds hold_time = 120s;
inline constexpr std::chrono::seconds hold_pause = 600s;

/// Allowed and denied targets of one container. One more is refused.
inline constexpr std::size_t state_max_targets = 4096;

/// Elements that one transaction puts into the firewall's sets when the rules
/// are loaded. More are put there by further ones: what a process without
/// privileges of the machine sends to the kernel must fit into a socket buffer
/// of 208 KiB.
inline constexpr std::size_t transaction_max_elements = 500;

/// Bytes of a state file. A larger one is refused.
inline constexpr std::size_t state_max_bytes = 512 * 1024;

/// Bytes of the annotations of `reader`, and of the file that they may name.
/// Longer ones are ignored.
inline constexpr std::size_t annotations_max_bytes = 16 * 1024;

/// How deep their arrays and objects may be nested. Deeper ones are ignored.
inline constexpr std::size_t annotation_max_depth = 16;

/// Bytes at the end of dnsmasq's log that `reader` looks through at once. Names
/// that stand before them are not known.
inline constexpr std::size_t name_log_max_bytes = 256 * 1024;

/// How long the reader waits before it dials a hub that is away again; the
/// delay doubles each time, up to the second value.
inline constexpr auto hub_redial_first = 250ms;
inline constexpr auto hub_redial_max = 10s;

/// How long the reader waits at its end for a hub that does not read.
inline constexpr auto hub_last_lines = 1s;

/// Losses are logged at most once in this time.
inline constexpr auto loss_line_interval = 10s;

/// Bytes of a DNS message that the forwarder passes on. A longer one is cut;
/// the program then sees that it is malformed.
inline constexpr std::size_t dns_message_max_bytes = 4096;

/// Queries that wait for the name server, and how long. The oldest one of too
/// many is forgotten; its answer is dropped.
inline constexpr std::size_t queries_max = 256;
inline constexpr auto query_time = 10s;

/// Programs of a container that look names up over TCP at the same time, and
/// for each at most a message. A further one waits until one of them ends; one
/// that neither reads nor writes is closed after guard_limits::query_time.
inline constexpr std::size_t dns_stream_clients_max = 16;

/// How long an address of an allowed name stays open: as long as its DNS record
/// is valid, but at least and at most for these times. Programs keep addresses
/// longer than they should.
inline constexpr std::chrono::seconds named_min_time = 10min;
inline constexpr std::chrono::seconds named_max_time = 24h;

/// When an allowed name of an attached container is looked up again: when its
/// DNS record ends, but at the earliest after the first time, which is also
/// that after a look-up without an answer, and at the latest after the second.
inline constexpr std::chrono::seconds look_up_retry = 30s;
inline constexpr std::chrono::seconds look_up_max_time = 5min;

/// When the address of a block may be a new one of an allowed name, the name is
/// looked up at once, but not again in this time.
inline constexpr std::chrono::seconds look_up_after_block = 2s;

/// Names that are allowed for one container. One more is refused.
inline constexpr std::size_t state_max_names = 512;

/// How long `allow NAME` waits for the forwarder's answer. Then the name is
/// allowed all the same.
inline constexpr auto forwarder_answer = 3s;

/// How long `attach` waits for podman's or docker's answer. Then it fails.
inline constexpr auto engine_answer = 10s;

/// How long `run` waits for the network that pasta makes, and for the hub that
/// it starts itself. Then `run` fails, or goes on without a hub.
inline constexpr auto pasta_start = 10s;
inline constexpr auto hub_start = 10s;

/// How long `run --private` waits for the end of a container that is connected
/// to the same namespace. Then `run` fails.
inline constexpr std::chrono::milliseconds private_link_wait = 2s;

/// How long `run` waits for the end of a program that it started. Then the
/// program is killed.
inline constexpr auto helper_stop = 3s;

/// Bytes of the list of unix sockets that `run` reads, to hide them. With a
/// longer list nothing runs.
inline constexpr std::size_t socket_list_max_bytes = 4 * 1024 * 1024;

/// Names in directories that `run` looks at when it searches for sockets to
/// hide; see search_sockets(). Further ones are not hidden.
inline constexpr std::size_t searched_entries_max = 20'000;

/// Descriptors that must be free when `run`, `attach` or `reader` starts. `run`
/// needs 19 at a time, and the forwarder one more for each query that waits.
/// With fewer nothing runs.
inline constexpr std::size_t free_descriptors_min = 64;

/// The longest time of `--for`.
inline constexpr std::chrono::seconds verdict_max_time = 30 * 24h;

} // namespace clearance::protocol::guard_limits
