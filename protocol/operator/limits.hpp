/// Limits of the operator interface: value, unit, reason, and what happens at
/// the limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace clearance::protocol::operator_limits {

using namespace std::chrono_literals;

// -- policy -------------------------------------------------------------------

/// Bytes of one policy file, number of files, and number of all their rules. At
/// the limit no file is loaded.
inline constexpr std::size_t policy_file_max_bytes = 1024 * 1024;
inline constexpr std::size_t policy_files_max = 256;
inline constexpr std::size_t policy_rules_max = 4096;

/// Targets, ports and conditions of one rule. At the limit the file is refused.
inline constexpr std::size_t rule_targets_max = 1024;
inline constexpr std::size_t rule_ports_max = 256;
inline constexpr std::size_t rule_conditions_max = 32;

/// Bytes of a rule's name, of its reason, and of the value of a condition. They
/// are shown to people. At the limit the file is refused.
inline constexpr std::size_t rule_name_max_bytes = 128;
inline constexpr std::size_t rule_why_max_bytes = 512;
inline constexpr std::size_t rule_condition_max_bytes = 256;

// -- prompts ------------------------------------------------------------------

/// Prompts of one container that wait or are being decided. At the limit the
/// container's oldest waiting prompt becomes gone (`forgotten`).
inline constexpr std::size_t prompts_per_container_max = 4096;

/// The same for all containers. At the limit the oldest prompt of the container
/// that asks becomes gone. A container without a waiting prompt gets no new
/// one.
inline constexpr std::size_t prompts_total_max = 32768;

/// Bytes of the prompts of one container and of all containers, also of decided
/// and gone ones. At the limit the oldest decided and gone prompts are removed
/// first. Then the same happens as above.
inline constexpr std::size_t prompts_per_container_max_bytes = 6 * 1024 * 1024;
inline constexpr std::size_t prompts_total_max_bytes = 16 * 1024 * 1024;

/// For how long a decided or gone prompt stays visible, and how many of one
/// container. The oldest are removed.
inline constexpr auto prompt_retention = 10min;
inline constexpr std::size_t finished_prompts_per_container_max = 256;

/// Addresses, ports and protocols that one prompt lists. More addresses are
/// counted; more ports and protocols are not listed.
inline constexpr std::size_t prompt_addresses_max = 16;
inline constexpr std::size_t prompt_ports_max = 16;

/// Keys and bytes of the dossier of one container. More keys are counted.
inline constexpr std::size_t dossier_max_keys = 32;
inline constexpr std::size_t dossier_max_bytes = 8 * 1024;

/// Containers without a prompt that an operator has made quiet. At the limit
/// `Quiet` fails.
inline constexpr std::size_t quiet_containers_max = 1024;

/// Bytes of announced events that wait to be folded into prompts while nobody
/// looks. At the limit they are folded.
inline constexpr std::size_t news_waiting_max_bytes = 64 * 1024;

// -- clients that watch -------------------------------------------------------

/// Prompts and bytes of one reply of a snapshot. The prompt that reaches the
/// size begins the next reply.
inline constexpr std::size_t snapshot_page_max_prompts = 64;
inline constexpr std::size_t snapshot_page_max_bytes = 256 * 1024;

/// Ids of removed prompts in one reply. More come in the next one.
inline constexpr std::size_t removed_page_max = 256;

/// A prompt is sent to a client at most once in this time. Changes meanwhile
/// are merged.
inline constexpr auto prompt_interval = 50ms;

/// Changes that a client gets in a second, and how many of these may come at
/// once. More wait, and changes of the same prompt are merged.
inline constexpr std::size_t changes_per_second_max = 500;
inline constexpr std::size_t changes_burst_max = 100;

/// Prompts whose changes wait for one client, removed ones included. At the
/// limit they are thrown away and the client gets a fresh snapshot.
inline constexpr std::size_t pending_changes_max = 4096;

/// A client that took nothing for so long, and has more than changes_burst_max
/// changes to get, gets a fresh snapshot: it is exact after one read.
inline constexpr auto watch_stalled_after = 1s;

/// Container and shield events that wait for one client. At the limit the
/// oldest one is dropped, and the client is told how many were.
inline constexpr std::size_t watch_events_max = 128;

/// Bytes of replies that one client that watches is sent together. The reply
/// that reaches the size is the last one. More are made when the client has
/// taken these.
inline constexpr std::size_t watch_write_max_bytes = 64 * 1024;

// -- decisions ----------------------------------------------------------------

/// Decisions that `History` knows. At the limit the oldest one is forgotten
/// there; the audit trail has it.
inline constexpr std::size_t history_max_decisions = 1000;

/// What is read of the audit trail at the start, for the decisions of before:
/// bytes, and for how long. `History` waits so long for them.
inline constexpr std::size_t history_read_max_bytes = 8 * 1024 * 1024;
inline constexpr auto history_read_deadline = 2s;

/// How long a verdict waits for another one on its container and target, which
/// disagrees with it or decides the prompt. If that one takes longer, the
/// waiting verdict fails when its turn comes, and it is not executed later. At
/// most limits::verdicts_waiting_max wait; one more fails at once.
inline constexpr auto verdict_turn_max_wait = 10s;

/// How long the prompts wait for the registry. A safety net: the registry and
/// the executor have shorter limits of their own.
inline constexpr auto decision_deadline = 75s;

/// The longest scope: 366 days.
inline constexpr std::int64_t scope_max_seconds = 366 * 24 * 60 * 60;

/// Executions that the policy has running at a time, and how often it starts
/// one for a container. More prompts wait. Operators have the other slots of
/// the shield.
inline constexpr std::size_t automatic_executions_max = 2;
inline constexpr auto automatic_interval = 1s;

/// While the policy cannot be loaded, a warning says so again this often.
inline constexpr auto policy_reminder = 60s;

/// How long nobody must have attended before `unattended` of the policy counts.
inline constexpr auto unattended_after = 30s;

// -- audit trail --------------------------------------------------------------

/// Records that wait for the disk, and their bytes. At the limit a new record
/// is lost and counted; a record that says how many were lost follows. The
/// result of a verdict that was applied may take as much room again.
inline constexpr std::size_t audit_queue_max_records = 8192;
inline constexpr std::size_t audit_queue_max_bytes = 8 * 1024 * 1024;

/// Records that are written together, and their bytes before they are encoded.
inline constexpr std::size_t audit_write_max_records = 256;
inline constexpr std::size_t audit_write_max_bytes = 256 * 1024;

/// How long a record that nobody waits for is kept back, so that more are
/// written together.
inline constexpr auto audit_gather_time = 5ms;

/// Records a second that clients can cause as often as they like: refusals, and
/// clients that come and go. More are counted in the next such record.
inline constexpr std::size_t audit_limited_records_max = 8;

/// How long a verdict waits until its record is written, with --audit-required
/// and --audit-sync.
inline constexpr auto audit_deadline = 2s;

/// After a failed write the next try comes this much later, or with the next
/// verdict that waits for its record.
inline constexpr auto audit_retry_interval = 1s;

/// Bytes of one file of the trail. The line that would reach the size begins
/// the next file.
inline constexpr std::size_t audit_file_max_bytes = 64 * 1024 * 1024;

/// Ended files that are kept, and for how long. The oldest are removed, and the
/// trail says so.
inline constexpr std::size_t audit_files_max = 16;
inline constexpr auto audit_retention = std::chrono::hours{24 * 90};

/// How often a hub looks for files that are too old.
inline constexpr auto audit_tend_interval = 24h;

/// How long a hub that ends waits for the disk. What is not written then is
/// lost.
inline constexpr auto audit_flush_deadline = 2s;

/// Bytes of one line. A longer one is no record of an audit trail.
inline constexpr std::size_t audit_line_max_bytes = 256 * 1024;

} // namespace clearance::protocol::operator_limits
