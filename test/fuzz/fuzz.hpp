/// The list of fuzzers, and what all of them use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace clearance::test {

/// One fuzzer. While the object lives, it is in the list of fuzzers. Make it a
/// static object of its source, and put the source's names into a namespace
/// `<stem>_fuzzer`.
class fuzzer {
public:
  /// Called with every input. Ends the program if an invariant does not hold.
  using function = void (*)(const std::uint8_t* data, std::size_t size);

  fuzzer(const char* name, function body)
      : name_(name), body_(body), next_(std::exchange(first(), this)) {
    // nop
  }

  fuzzer(const fuzzer&) = delete;
  fuzzer& operator=(const fuzzer&) = delete;

  /// The fuzzer of that name; any one if the name is empty; null if none fits.
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

/// Ends the program if an invariant does not hold, as a sanitiser does.
inline void require(bool holds, const char* invariant) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", invariant);
  std::abort();
}

} // namespace clearance::test
