#include "protocol/text/secret.hpp"

#include <algorithm>
#include <utility>

namespace clearance::protocol {

// Compilers must keep volatile writes, because they count as side effects.
void wipe(std::span<char> bytes) noexcept {
  volatile char* p = bytes.data();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    p[i] = 0;
}

// `differences` is volatile, so that no compiler ends the loop at the first
// difference.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size())
    return false;
  volatile unsigned differences = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<unsigned char>(a[i]);
    const auto y = static_cast<unsigned char>(b[i]);
    differences = differences | static_cast<unsigned>(x ^ y);
  }
  return differences == 0;
}

secret::secret(std::string_view bytes)
    : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), bytes_.get());
}

secret::secret(secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {
  // nop
}

secret& secret::operator=(secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

secret::~secret() {
  wipe({bytes_.get(), size_});
}

} // namespace clearance::protocol
