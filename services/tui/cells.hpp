/// A picture of the terminal as a grid of cells: drawn without a terminal, so
/// that tests can look at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// What a cell means. A terminal shows a colour for it, or does not: nothing is
/// said by a tone alone.
enum class tone : std::uint8_t {
  normal,
  heading,
  quiet,
  warning,
  danger,
  good
};

struct cell {
  char32_t glyph = U' '; ///< ASCII, or a line of a box; one column wide
  tone meaning = tone::normal;
  bool is_reversed = false;
  bool is_bold = false;

  friend bool operator==(const cell&, const cell&) = default;
};

class cell_grid {
public:
  cell_grid(std::size_t rows, std::size_t columns)
      : columns_(columns), cells_(rows * columns) {
    // nop
  }

  std::size_t rows() const noexcept {
    return columns_ == 0 ? 0 : cells_.size() / columns_;
  }
  std::size_t columns() const noexcept { return columns_; }

  /// The cell must be there.
  cell& at(std::size_t row, std::size_t column) {
    return cells_.at(row * columns_ + column);
  }
  const cell& at(std::size_t row, std::size_t column) const {
    return cells_.at(row * columns_ + column);
  }

  /// Writes `text`, which must be printable ASCII, in the style of `like`. What
  /// is outside of the grid is left out. Returns the column behind the text.
  std::size_t put(std::size_t row, std::size_t column, std::string_view text,
                  cell like = {});

  /// A line across the grid.
  void put_line(std::size_t row, char32_t glyph, cell like = {});

  /// Gives the cells of the row from `begin` up to `end` this style; the text
  /// stays.
  void restyle(std::size_t row, std::size_t begin, std::size_t end, cell like);

  /// The text of a row without the spaces at its end; a glyph that is not ASCII
  /// is shown as `-`.
  std::string text(std::size_t row) const;

  friend bool operator==(const cell_grid&, const cell_grid&) = default;

private:
  std::size_t columns_;
  std::vector<cell> cells_;
};

/// `text` in exactly `width` columns: filled with spaces, or cut, which the
/// last column then shows as `~`.
std::string fitted(std::string_view text, std::size_t width);

/// The same, but cut in the middle, so that the end shows.
std::string fitted_middle(std::string_view text, std::size_t width);

/// `text` in lines of at most `width` columns, broken between words where there
/// are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

} // namespace clearance::services
