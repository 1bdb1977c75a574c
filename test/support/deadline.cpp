#include "test/support/deadline.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <system_error>
#include <vector>

namespace clearance::test {

void fail_with_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

deadline::deadline(std::chrono::milliseconds guard)
    : end_(std::chrono::steady_clock::now() + guard) {
}

int deadline::left_ms(std::string_view what) const {
  using namespace std::chrono;
  const auto left = ceil<milliseconds>(end_ - steady_clock::now()).count();
  if (left <= 0)
    throw hung("hang guard: never came: " + std::string(what));
  return static_cast<int>(left);
}

void deadline::await(int fd, short events, std::string_view what) const {
  for (;;) {
    pollfd entry{fd, events, 0};
    const auto n = ::poll(&entry, 1, left_ms(what));
    if (n > 0)
      return;
    if (n < 0 && errno != EINTR)
      fail_with_errno("poll");
  }
}

void deadline::pace(std::string_view what,
                    std::initializer_list<int> fds) const {
  constexpr int step_ms = 2;
  std::vector<pollfd> entries;
  for (auto fd : fds)
    entries.push_back({fd, POLLIN, 0});
  ::poll(entries.data(), entries.size(), std::min(left_ms(what), step_ms));
}

} // namespace clearance::test
