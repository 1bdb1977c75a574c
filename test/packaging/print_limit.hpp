/// How the manual pages write a limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <iostream>
#include <string_view>
#include <utility>

/// "HEADER NAME VALUE": 10 s, 250 ms, 100 us.
template <class Rep, class Period>
void print_limit(std::string_view header, std::string_view name,
                 std::chrono::duration<Rep, Period> x) {
  using namespace std::chrono;
  const auto us = duration_cast<microseconds>(x).count();
  const auto [value, unit] = us % 1'000'000 == 0
                                 ? std::pair{us / 1'000'000, "s"}
                             : us % 1000 == 0 ? std::pair{us / 1000, "ms"}
                                              : std::pair{us, "us"};
  std::cout << header << ' ' << name << ' ' << value << ' ' << unit << '\n';
}

/// "HEADER NAME VALUE": 512 bytes, 64 KiB, 1 MiB; or a bare number, behind
/// which a page says of what.
template <class Integer>
void print_limit(std::string_view header, std::string_view name, Integer x) {
  const auto value = static_cast<std::size_t>(x);
  constexpr std::size_t kib = 1024;
  constexpr std::size_t mib = kib * kib;
  std::cout << header << ' ' << name << ' ';
  if (!name.ends_with("_bytes"))
    std::cout << value << '\n';
  else if (value % mib == 0)
    std::cout << value / mib << " MiB\n";
  else if (value % kib == 0)
    std::cout << value / kib << " KiB\n";
  else
    std::cout << value << " bytes\n";
}
