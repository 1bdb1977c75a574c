/// The real terminal: shows a grid of cells by way of ncurses.
#pragma once

#include "services/tui/cells.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace clearance::services {

/// There is one at a time. It only writes; keys are read from stdin as bytes.
/// The terminal is as it was before when the object is gone.
class curses_terminal {
public:
  /// Throws std::runtime_error if the terminal cannot place text.
  explicit curses_terminal(bool has_colors);
  ~curses_terminal();
  curses_terminal(const curses_terminal&) = delete;
  curses_terminal& operator=(const curses_terminal&) = delete;

  /// Whether the terminal shows lines of boxes: its text is UTF-8.
  bool has_lines() const noexcept { return has_lines_; }

  std::size_t rows() const noexcept { return rows_; }
  std::size_t columns() const noexcept { return columns_; }

  /// The window has another size.
  void resized();

  /// Writes what differs from the last picture.
  void show(const cell_grid& picture);

  /// The next picture is written whole.
  void forget_picture();

  /// Gives the terminal back and stops the process group, as Ctrl-Z does.
  /// Returns when the process goes on.
  void suspend();

private:
  struct impl;

  void enter();
  void leave();

  std::unique_ptr<impl> impl_;
  bool has_lines_ = false;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

} // namespace clearance::services
