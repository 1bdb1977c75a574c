/// Which sanitizers the program is compiled with. g++ and clang have different
/// ways to say it.
#pragma once

// Macros for the preprocessor: 0 or 1.
#if defined(__SANITIZE_ADDRESS__)
#define CLEARANCE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CLEARANCE_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef CLEARANCE_ADDRESS_SANITIZER
#define CLEARANCE_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__)
#define CLEARANCE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CLEARANCE_THREAD_SANITIZER 1
#endif
#endif
#ifndef CLEARANCE_THREAD_SANITIZER
#define CLEARANCE_THREAD_SANITIZER 0
#endif

namespace clearance {

inline constexpr bool has_address_sanitizer = CLEARANCE_ADDRESS_SANITIZER != 0;
inline constexpr bool has_thread_sanitizer = CLEARANCE_THREAD_SANITIZER != 0;

} // namespace clearance
