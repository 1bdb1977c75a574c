/// Backups: the refs below refs/terok/ that keep what a push takes away. Their
/// names, and the transaction that makes them. Source: gate.md,
/// section 4.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Only the gate writes there.
inline constexpr std::string_view terok_refs = "refs/terok/";

/// Backups of branches, and of all other refs.
inline constexpr std::string_view branch_backups = "refs/terok/backup/";
inline constexpr std::string_view other_backups = "refs/terok/backup-other/";

/// A ref that keeps an old tip.
struct backup {
  std::string name; ///< of the backup, a full ref
  std::string id;

  friend bool operator==(const backup&, const backup&) = default;
};

/// Where the object `id`, which the ref `ref` had at `now`, is saved. `ref`
/// begins with `refs/`. `mark` is that of the token that takes the object away;
/// empty: there is one token.
std::string backup_name(std::string_view ref, std::string_view id,
                        std::chrono::sys_seconds now,
                        std::string_view mark = {});

/// What a backup's name says.
struct backup_origin {
  std::string ref; ///< whose old tip it is
  std::chrono::sys_seconds time;
  std::string id;        ///< full, or 12 digits in names of earlier versions
  std::string mark = {}; ///< of a token; empty: there was one token

  friend bool operator==(const backup_origin&, const backup_origin&) = default;
};

/// No value: `name` is not the name of a backup.
std::optional<backup_origin> parse_backup_name(std::string_view name);

/// Whether a component of `ref` has the form of a stamp. Where such a ref is, a
/// backup of that name cannot be made.
bool has_stamp(std::string_view ref) noexcept;

/// The input of `git update-ref --stdin -z` that makes all of them, or none. A
/// backup that is there already with its id is a success. A name that appears
/// twice, which git refuses, is written once.
std::string backup_transaction(std::span<const backup> backups);

/// The input of `git update-ref --stdin -z` that removes all of them, or none.
/// It fails when one of them does not have its id any more.
std::string removal_transaction(std::span<const backup> backups);

} // namespace clearance::protocol
