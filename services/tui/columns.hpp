/// The columns of the list of prompts, for a terminal of any width.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace clearance::services {

/// One row; printable ASCII.
struct row_texts {
  char cursor = ' ';
  char mark = ' ';
  char flag = ' ';
  std::string container;
  std::string task;
  std::string target;
  std::string address;
  std::string port;
  std::string hits;
  std::string age;
  std::string hub;
  std::string note;
};

/// A narrow terminal has fewer columns. Cursor, mark, flag and target are
/// always there; the others leave in this order: hub, address, hits, task, age,
/// port, container, note.
class column_layout {
public:
  /// How wide the longest texts are. Note and target share what is left over
  /// if there is too little for both.
  struct wants {
    std::size_t target = 22;
    std::size_t note = 12;
    std::size_t container = 12;
  };

  column_layout(std::size_t width, bool has_hubs, const wants& x);

  std::string titles() const;
  /// Container and target are cut in their middle, so that their ends show.
  std::string row(const row_texts& x) const;

  /// Whether container, target and note are there and not cut.
  bool is_whole(const row_texts& x) const;

  /// Where the flag stands, and where the note begins; at or behind the width
  /// if there is no note.
  static constexpr std::size_t flag_at = 2;
  std::size_t note_at() const noexcept { return note_at_; }

private:
  struct column {
    const char* title;
    std::string row_texts::*text;
    std::size_t width;
    bool is_right;
  };

  std::size_t width_;
  std::size_t note_at_;
  std::vector<column> columns_;
};

} // namespace clearance::services
