/// What /proc says about a process.
#pragma once

#include "actors/base/sanitizers.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace clearance::test {

std::size_t descriptor_count(pid_t pid);
std::size_t thread_count(pid_t pid);
std::size_t resident_bytes(pid_t pid);

/// Whether no thread of the process runs, or is about to.
bool all_threads_wait(pid_t pid);

/// How many bytes of memory each byte of a program may cost. The thread
/// sanitizer keeps several for each; the address sanitizer surrounds objects
/// and keeps freed ones for a while. Source: sanitizers' wiki, "Typical memory
/// overhead".
inline constexpr std::size_t bytes_a_byte = has_thread_sanitizer    ? 6
                                            : has_address_sanitizer ? 4
                                                                    : 1;

std::size_t soft_descriptor_limit(pid_t pid);

/// Waits until the process has exactly `count` descriptors open. Only so a test
/// sees that a peer has closed a connection which the test itself has closed.
void await_descriptor_count(pid_t pid, std::size_t count);

/// Whether this kernel and the programs' build support Landlock (version 2 or
/// later, see landlock.cpp) and seccomp.
long landlock_abi();
bool has_landlock();
bool has_seccomp();

/// The value of a line in /proc/PID/status, for example of "VmRSS".
std::string status_of(pid_t pid, const std::string& name);

} // namespace clearance::test
