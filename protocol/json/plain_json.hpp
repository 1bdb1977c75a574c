/// A fast reader for JSON objects of the simple form that nearly all have. For
/// .cpp files only, like strict_json.hpp.
#pragma once

#include "protocol/json/strict_json.hpp"
#include "protocol/text/byte_block.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clearance::protocol {

/// Reads the simple form in a third of json_reader's time, with the same
/// result, or gives up. The simple form is: objects, strings of printable ASCII
/// without escapes, numbers, true, false and null, with nothing but spaces
/// between them. A document that this reader gives up may or may not be JSON:
/// read it again with json_reader, and discard what `on_member` was given.
///
/// A string ends with the next quotation mark, because there are no escapes. So
/// the reader looks for these marks 64 bytes at a time, and for bytes that do
/// not belong to the simple form.
class plain_json_reader {
public:
  /// Stands for the next value in the document; only one exists at a time.
  struct value {};

  /// Like json_reader::read(). Also gives up if fewer than `padding` bytes of
  /// `capacity` follow the document.
  template <class OnMember>
  bool read(std::string_view document, std::size_t capacity,
            OnMember on_member) {
    if (capacity < document.size() + padding)
      return false;
    at_ = document.data();
    end_ = at_ + document.size();
    block_ = at_;
    if (!examine_block())
      return false;
    return each(on_member) && at_ == end_;
  }

  bool take(value& x, json_item& out) noexcept;

  bool is_object(value&) const noexcept { return *at_ == '{'; }

  template <class OnMember>
  bool members(value&, OnMember on_member) {
    return each(on_member);
  }

private:
  static constexpr std::size_t padding = byte_block::size;

  // These functions read at most the byte at end_, which is padding.

  template <class OnMember>
  bool each(OnMember& on_member) {
    if (!take_mark('{'))
      return false;
    if (take_mark('}'))
      return true;
    value next;
    for (std::string_view key; take_string(key) && take_mark(':');) {
      skip_spaces();
      if (!on_member(key, next))
        return false;
      if (!take_mark(','))
        return take_mark('}');
    }
    return false;
  }

  void skip_spaces() noexcept {
    while (*at_ == ' ' && at_ < end_)
      ++at_;
  }

  bool take_mark(char c) noexcept {
    skip_spaces();
    if (*at_ != c || at_ >= end_)
      return false;
    ++at_;
    return true;
  }

  bool take_string(std::string_view& out) noexcept {
    skip_spaces();
    if (next_quote() != at_)
      return false;
    const auto* begin = at_ + 1;
    const auto* end = next_quote();
    if (end == end_)
      return false;
    out = {begin, static_cast<std::size_t>(end - begin)};
    at_ = end + 1;
    return true;
  }

  /// Each call gives the next one of the document; end_ if there is none.
  const char* next_quote() noexcept {
    while (quotes_ == 0)
      if (!next_block())
        return end_;
    const auto at = std::countr_zero(quotes_);
    quotes_ &= quotes_ - 1;
    return block_ + at;
  }

  /// False: there is none, or one that is not of the simple form.
  bool next_block() noexcept {
    if (end_ - block_ <= std::ptrdiff_t{byte_block::size})
      return false;
    block_ += byte_block::size;
    return examine_block();
  }

  bool examine_block() noexcept {
    const auto found = examine(block_);
    const auto left = static_cast<std::size_t>(end_ - block_);
    const auto inside = left < byte_block::size ? (std::uint64_t{1} << left) - 1
                                                : ~std::uint64_t{0};
    quotes_ = found.quotes & inside;
    return (found.not_plain & inside) == 0;
  }

  const char* at_ = nullptr;
  const char* end_ = nullptr;
  const char* block_ = nullptr; // the latest that was examined
  std::uint64_t quotes_ = 0;    // of the block, those still to come
};

} // namespace clearance::protocol
