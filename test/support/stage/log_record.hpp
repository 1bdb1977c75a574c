/// What the actors logged while this lives.
#pragma once

#include "actors/base/log.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::test {

struct log_line {
  actors::severity level = actors::severity::debug;
  std::string component;
  std::string text;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The field's value; "(none)" when there is no such field.
  std::string operator[](std::string_view key) const;
};

/// Installs itself as the process's only sink. One at a time.
class log_record {
public:
  explicit log_record(actors::severity threshold = actors::severity::debug);
  ~log_record();
  log_record(const log_record&) = delete;
  log_record& operator=(const log_record&) = delete;

  const std::vector<log_line>& all() const noexcept { return lines_; }

  /// The lines of that text, in order.
  std::vector<log_line> with(std::string_view text) const;

  /// The only line of that text; fails the test when there is another number
  /// of them.
  log_line only(std::string_view text) const;

  void clear() { lines_.clear(); }

private:
  static void sink(const actors::log_entry& x);

  std::vector<log_line> lines_;
};

} // namespace clearance::test
