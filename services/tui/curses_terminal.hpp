/// The real terminal: shows a grid of cells by way of ncurses.
#pragma once

#include "services/tui/cells.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace clearance::services {

/// There is one at a time. It only writes; keys are read from stdin as bytes.
/// The terminal is as it was before when the object is gone.
///
/// A terminal may take nothing for as long as it likes, for example after
/// Ctrl-S. While the object writes, SIGHUP, SIGINT and SIGTERM, which the owner
/// has blocked, end the process with exit code 0.
class curses_terminal {
public:
  /// Throws std::runtime_error if the terminal cannot place text. With
  /// `has_mouse` the terminal reports clicks and the wheel.
  curses_terminal(bool has_colors, bool has_mouse);
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
  /// Returns when the process goes on, perhaps in the background.
  void suspend();

  /// Whether the process is in the foreground: else a shell has the terminal.
  bool is_ours() const;

  /// Takes the terminal again, as it should be for this program.
  void resume();

private:
  struct impl;

  void enter();
  void leave();

  std::unique_ptr<impl> impl_;
  bool has_mouse_;
  bool has_lines_ = false;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

} // namespace clearance::services
