/// What fuzzers share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace clearance::test {

/// One fuzzer, in the list of the program it is linked into for as long as it
/// lives. A static object of its source: names that sources share stand in a
/// namespace `<stem>_fuzzer`.
class fuzzer {
public:
  /// Gets every input. Ends the program when an invariant does not hold.
  using function = void (*)(const std::uint8_t* data, std::size_t size);

  fuzzer(const char* name, function body)
      : name_(name), body_(body), next_(std::exchange(first(), this)) {
    // nop
  }

  fuzzer(const fuzzer&) = delete;
  fuzzer& operator=(const fuzzer&) = delete;

  /// Of that name, or any when the name is empty; null when there is none.
  static const fuzzer* find(std::string_view name) {
    for (const auto* x = first(); x != nullptr; x = x->next_)
      if (name.empty() || name == x->name_)
        return x;
    return nullptr;
  }

  void run(const std::uint8_t* data, std::size_t size) const {
    body_(data, size);
  }

private:
  static const fuzzer*& first() {
    static const fuzzer* result = nullptr;
    return result;
  }

  const char* name_;
  function body_;
  const fuzzer* next_;
};

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program, as a sanitiser does, when an invariant does not hold.
inline void require(bool holds, const char* invariant) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", invariant);
  std::abort();
}

} // namespace clearance::test
