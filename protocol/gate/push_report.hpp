/// What git-receive-pack answers to a push, read as it passes by: which refs
/// it declined, and what hooks said. For the gate's log: the status of such an
/// answer is 200. Source: gitprotocol-pack(5), "Report Status" and
/// "side-band"; gitprotocol-common(5), "pkt-line Format".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Takes the body of the answer in pieces of any size. Any bytes are taken;
/// what is no such answer is read no further. Holds one pkt-line, and of what
/// was said at most backend_log_max_lines lines of backend_log_line_max_bytes.
class push_report {
public:
  void feed(std::string_view bytes);

  /// How many refs were declined.
  std::size_t declined() const noexcept { return declined_; }

  /// The first of them and git's reason, `REF REASON`, as they came.
  const std::string& first_declined() const noexcept { return first_; }

  /// The lines that hooks and git wrote for people, as they came, the first
  /// ones.
  const std::vector<std::string>& said() const noexcept { return said_; }

private:
  /// Cuts bytes into pkt-lines.
  class packets {
  public:
    enum class what : std::uint8_t { need_more, payload, flush, malformed };

    /// Takes bytes off `bytes`. A payload is valid until the next call.
    what next(std::string_view& bytes, std::string_view& payload);

  private:
    std::string held_;
    bool complete_ = false; // held_ was handed out
  };

  void take(std::string_view payload);
  void take_report(std::string_view bytes);
  void take_line(std::string_view line);
  void take_words(std::string_view text);

  packets outer_;
  packets inner_; // in the first side band
  bool broken_ = false;
  std::size_t declined_ = 0;
  std::string first_;
  std::vector<std::string> said_;
  std::string words_; // the unfinished line
};

} // namespace clearance::protocol
