/// Bytes that must not be shown, logged or left in memory.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <span>
#include <string_view>

namespace clearance::protocol {

/// Overwrites memory in a way that compilers do not optimise out.
void wipe(std::span<char> bytes) noexcept;

/// Takes the same time for all inputs of the same lengths, so that nobody can
/// measure where they differ. Different lengths are found at once.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// A password or token. Moving leaves no copy, the destructor overwrites the
/// bytes, comparison takes constant time, and printing does not compile.
class secret {
public:
  secret() noexcept = default;
  explicit secret(std::string_view bytes);
  secret(secret&& other) noexcept;
  secret& operator=(secret&& other) noexcept;
  ~secret();

  /// The bytes; valid while this object lives and is not assigned to.
  std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }
  bool empty() const noexcept { return size_ == 0; }

  friend bool operator==(const secret& a, const secret& b) noexcept {
    return equal_in_constant_time(a.reveal(), b.reveal());
  }
  friend std::ostream& operator<<(std::ostream&, const secret&) = delete;

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

} // namespace clearance::protocol
