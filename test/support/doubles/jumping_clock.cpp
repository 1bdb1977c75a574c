// Preloaded into a program under test (LD_PRELOAD): adds to the real-time clock
// as many seconds as the file that JUMPING_CLOCK names says at that moment. The
// monotonic clocks are not changed.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <sys/time.h>

namespace {

std::time_t offset() {
  const char* path = std::getenv("JUMPING_CLOCK");
  std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "re");
  if (file == nullptr)
    return 0;
  char text[32] = {};
  const char* read = std::fgets(text, sizeof(text), file);
  std::fclose(file);
  return read == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

std::time_t now(timespec& to) {
  using function = int (*)(clockid_t, timespec*);
  static const auto real =
      reinterpret_cast<function>(::dlsym(RTLD_NEXT, "clock_gettime"));
  real(CLOCK_REALTIME, &to);
  to.tv_sec += offset();
  return to.tv_sec;
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* to) noexcept {
  using function = int (*)(clockid_t, timespec*);
  static const auto real =
      reinterpret_cast<function>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const auto result = real(clock, to);
  if (result == 0
      && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    to->tv_sec += offset();
  return result;
}

int gettimeofday(timeval* to, void*) noexcept {
  timespec x{};
  now(x);
  to->tv_sec = x.tv_sec;
  to->tv_usec = x.tv_nsec / 1000;
  return 0;
}

std::time_t time(std::time_t* to) noexcept {
  timespec x{};
  const auto result = now(x);
  if (to != nullptr)
    *to = result;
  return result;
}

} // extern "C"
