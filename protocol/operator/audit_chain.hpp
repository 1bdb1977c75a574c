/// The chain of the audit trail: each line names the digest of the line before,
/// so that nobody can change, remove or add a line in the middle unseen. A
/// chain cannot prove that its end was not cut off. Source: operator.md,
/// section 5.
#pragma once

#include "protocol/operator/audit_record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// What `prev` is in the first line of all: 64 zeros.
std::string audit_chain_start();

/// The digest of a line without its newline, as `prev` writes it.
std::string audit_digest(std::string_view line);

/// Writes the lines of one chain.
class audit_chain {
public:
  /// A new chain.
  audit_chain();

  /// Goes on behind `last_line`, which has no newline. Nothing if it is no line
  /// of an audit trail.
  static std::optional<audit_chain> resume(std::string_view last_line);

  /// The next line, newline included. The caller writes it whole or calls
  /// undo(): a line that is not in the file must not be in the chain.
  std::string next(const audit_record& x);

  /// Takes the last next() back, once.
  void undo();

  /// Of the next line.
  std::uint64_t seq() const noexcept { return seq_; }

private:
  std::uint64_t seq_ = 1;
  std::string prev_;
  std::string prev_before_;
};

/// What the end of a file holds, after a crash or not.
struct audit_tail {
  /// The last whole line without its newline; empty: there is none.
  std::string_view last_line;
  /// What follows it without a newline: a line that was cut off.
  std::string_view torn;
};

/// `end` is the end of a file, long enough for two lines or the whole file.
audit_tail find_audit_tail(std::string_view end) noexcept;

/// Where a chain breaks.
struct audit_break {
  std::string file;
  std::size_t line = 0; ///< from 1 on
  std::string why;

  friend bool operator==(const audit_break&, const audit_break&) = default;
};

/// Walks a chain, line by line and file by file, the oldest file first.
class audit_verifier {
public:
  /// The next lines are of this file.
  void begin(std::string file);

  /// One line without its newline. `is_whole`: a newline followed.
  void line(std::string_view text, bool is_whole = true);

  /// The first break; nothing: all lines so far are of one chain.
  const std::optional<audit_break>& broken() const noexcept { return broken_; }

  std::uint64_t lines() const noexcept { return lines_; }
  /// Of the first line: older ones were removed if it is not 1.
  std::uint64_t first_seq() const noexcept { return first_seq_; }
  std::uint64_t last_seq() const noexcept { return last_seq_; }

private:
  void fail(std::string why);

  std::string file_;
  std::size_t line_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t first_seq_ = 0;
  std::uint64_t last_seq_ = 0;
  std::string expected_; // `prev` of the next line; empty: any
  std::optional<audit_break> broken_;
};

} // namespace clearance::protocol
