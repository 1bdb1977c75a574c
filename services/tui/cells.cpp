#include "services/tui/cells.hpp"

#include <algorithm>

namespace clearance::services {

std::size_t cell_grid::put(std::size_t row, std::size_t column,
                           std::string_view text, cell like) {
  if (row >= rows())
    return column;
  for (char c : text) {
    if (column >= columns_)
      break;
    like.glyph = static_cast<unsigned char>(c);
    at(row, column++) = like;
  }
  return column;
}

void cell_grid::put_line(std::size_t row, char32_t glyph, cell like) {
  like.glyph = glyph;
  for (std::size_t i = 0; row < rows() && i < columns_; ++i)
    at(row, i) = like;
}

void cell_grid::restyle(std::size_t row, std::size_t begin, std::size_t end,
                        cell like) {
  for (auto i = begin; row < rows() && i < std::min(end, columns_); ++i) {
    like.glyph = at(row, i).glyph;
    at(row, i) = like;
  }
}

std::string cell_grid::text(std::size_t row) const {
  std::string result;
  for (std::size_t i = 0; i < columns_; ++i) {
    const auto glyph = at(row, i).glyph;
    result += glyph < 0x80 ? static_cast<char>(glyph) : '-';
  }
  result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

std::string fitted(std::string_view text, std::size_t width) {
  std::string result{text.substr(0, width)};
  if (text.size() > width && width > 0)
    result.back() = '~';
  result.resize(width, ' ');
  return result;
}

std::string fitted_middle(std::string_view text, std::size_t width) {
  if (text.size() <= width || width < 3)
    return fitted(text, width);
  const auto head = (width - 1) / 3;
  return std::string{text.substr(0, head)} + '~'
         + std::string{text.substr(text.size() - (width - 1 - head))};
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> result;
  width = std::max<std::size_t>(width, 1);
  while (text.size() > width) {
    auto end = text.rfind(' ', width);
    if (end == std::string_view::npos || end == 0)
      end = width;
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!text.empty() || result.empty())
    result.emplace_back(text);
  return result;
}

} // namespace clearance::services
