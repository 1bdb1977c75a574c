// From the end to the beginning, so that it costs the same however large the
// trail is:
//
//   PATH                 ...........<----<----<----   pieces of 256 KiB
//   PATH.000000012345    ......<----<----             if more are wanted
//
// A line that is no record is left out, and so is a last line that was cut off:
// audit_file sets that one aside when it opens the file. Each record names the
// digest of the line before it, so a chain that is broken is seen on the way.
// None of this keeps a hub from starting: `terok-clearance audit verify` is for
// that.

#include "services/operator/past_decisions.hpp"

#include "actors/io/base/small_file.hpp"
#include "protocol/operator/audit_chain.hpp"
#include "protocol/operator/audit_record.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/operator/audit_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

class past_reader {
public:
  past_reader(const std::string& boot, const past_limits& limits)
      : boot_(boot),
        limits_(limits),
        until_(std::chrono::steady_clock::now() + limits.time) {
    // nop
  }

  /// False: nothing older is wanted.
  bool file(const std::string& path) {
    auto opened = io::open_regular(AT_FDCWD, path);
    if (const auto* why = std::get_if<io::file_fault>(&opened)) {
      past_.cut_by = protocol::escaped(path) + ": " + why->why;
      return false;
    }
    const auto& known = std::get<io::regular_file>(opened);
    file_ = path;
    std::string rest; // of the line that begins before what was read
    bool is_last = true;
    for (auto at = static_cast<std::size_t>(known.info.st_size); at > 0;) {
      const auto size = std::min(at, piece_bytes);
      at -= size;
      std::string piece(size, '\0');
      if (::pread(known.fd.get(), piece.data(), size, static_cast<off_t>(at))
          != static_cast<ssize_t>(size)) {
        past_.cut_by =
            protocol::escaped(path) + ": " + protocol::error_text(errno);
        return false;
      }
      past_.bytes += size;
      piece += rest;
      std::string_view text{piece};
      // What follows the last newline of the file was cut off.
      const auto newline = text.find('\n');
      if (is_last) {
        text = text.substr(0, text.rfind('\n') + 1);
        is_last = newline == text.npos;
      }
      const auto begin = at == 0                ? 0
                         : newline == text.npos ? text.size()
                                                : newline + 1;
      if (!lines(text.substr(begin)) || is_at_limit())
        return false;
      rest = text.substr(0, begin);
      if (rest.size() > protocol::operator_limits::audit_line_max_bytes) {
        bad_line("a line is too long");
        past_.cut_by = protocol::escaped(path) + ": a line is too long";
        return false;
      }
    }
    return true;
  }

  trail_past result() {
    std::reverse(past_.decisions.begin(), past_.decisions.end());
    // The numbers grow, also where hubs began at 1 again, or where a verdict
    // that decided no prompt has none.
    std::uint64_t last = 0;
    for (auto& x : past_.decisions)
      last = x.seq = std::max(x.seq, last + 1);
    return std::move(past_);
  }

private:
  // Whole lines, the newest last. False: nothing older is wanted.
  bool lines(std::string_view text) {
    while (!text.empty()) {
      text.remove_suffix(1);
      const auto before = text.rfind('\n');
      const auto begin = before == text.npos ? 0 : before + 1;
      if (!line(text.substr(begin)))
        return false;
      text = text.substr(0, begin);
    }
    return true;
  }

  bool line(std::string_view text) {
    auto parsed = protocol::parse_audit_line(text);
    const auto* why = std::get_if<std::string_view>(&parsed);
    if (why != nullptr) {
      bad_line(*why);
      return true;
    }
    const auto& known = std::get<protocol::audit_line>(parsed);
    if (!next_prev_.empty() && next_prev_ != protocol::audit_digest(text))
      bad_line("the line behind this one belongs to another one");
    next_prev_ = known.prev;
    if (!boot_.empty() && known.boot == boot_)
      return true;
    if (auto made = protocol::decision_of(known))
      past_.decisions.push_back(std::move(*made));
    return past_.decisions.size() < limits_.decisions;
  }

  void bad_line(std::string_view why) {
    next_prev_.clear();
    if (past_.fault.empty())
      past_.fault = protocol::escaped(file_) + ": " + std::string{why};
  }

  bool is_at_limit() {
    if (past_.bytes >= limits_.bytes)
      past_.cut_by = "so much is not read at a start";
    else if (std::chrono::steady_clock::now() >= until_)
      past_.cut_by = "the disk is slow";
    return !past_.cut_by.empty();
  }

  const std::string& boot_;
  const past_limits& limits_;
  const std::chrono::steady_clock::time_point until_;
  trail_past past_;
  std::string file_;
  std::string next_prev_; // what the line that follows says of this one
};

} // namespace

trail_past read_trail_past(const std::string& path, const std::string& boot,
                           const past_limits& limits) {
  past_reader reader{boot, limits};
  try {
    // The others are opened only if the newest file does not have enough.
    if (::access(path.c_str(), F_OK) != 0 || reader.file(path)) {
      auto files = audit_files_of(path);
      std::erase(files, path);
      std::reverse(files.begin(), files.end());
      for (const auto& each : files)
        if (!reader.file(each))
          break;
    }
  } catch (const audit_fault&) {
    // nop: there is no directory, so there are no older files
  }
  return reader.result();
}

} // namespace clearance::services
