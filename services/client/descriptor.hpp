/// A file descriptor that somebody owns.
#pragma once

#include <unistd.h>
#include <utility>

namespace clearance::services {

class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
  descriptor& operator=(descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }
  ~descriptor() { reset(); }

  /// -1 when there is none.
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }

  void reset() noexcept {
    if (fd_ >= 0)
      ::close(release());
  }

private:
  int fd_ = -1;
};

} // namespace clearance::services
