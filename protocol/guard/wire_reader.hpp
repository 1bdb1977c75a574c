/// Reads numbers from bytes that somebody else wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace clearance::protocol {

/// A view that knows its end. Reading behind the end gives zeros and makes
/// ok() false for ever, so a parser may check once after several reads.
class wire_reader {
public:
  explicit wire_reader(std::string_view bytes) noexcept : bytes_(bytes) {
    // nop
  }

  bool ok() const noexcept { return ok_; }
  std::size_t offset() const noexcept { return at_; }
  std::size_t left() const noexcept { return bytes_.size() - at_; }

  /// Continues at `offset` from the first byte.
  void seek(std::size_t offset) noexcept {
    ok_ = ok_ && offset <= bytes_.size();
    at_ = ok_ ? offset : bytes_.size();
  }

  std::string_view take(std::size_t count) noexcept {
    if (!ok_ || count > left()) {
      ok_ = false;
      at_ = bytes_.size();
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

  void skip(std::size_t count) noexcept { take(count); }

  std::uint8_t u8() noexcept {
    const auto x = take(1);
    return x.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(x[0]);
  }

  /// In network order: the highest byte first.
  std::uint16_t u16() noexcept {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() noexcept {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }

  /// In the order of this machine, as netlink headers are.
  template <class Integer>
  Integer native() noexcept {
    Integer value{};
    const auto x = take(sizeof value);
    if (!x.empty())
      std::memcpy(&value, x.data(), sizeof value);
    return value;
  }

private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

} // namespace clearance::protocol
