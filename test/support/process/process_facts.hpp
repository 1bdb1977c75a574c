/// What the kernel says of a process, by /proc.
#pragma once

#include "actors/io/base/sanitizers.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace clearance::test {

std::size_t descriptor_count(pid_t pid);
std::size_t thread_count(pid_t pid);
std::size_t resident_bytes(pid_t pid);

/// What each byte that a program touches may take of memory: the thread
/// sanitizer keeps a shadow of it, the address sanitizer surrounds it and keeps
/// it for a while once it is freed. Source: sanitizers' wiki, "Typical memory
/// overhead".
inline constexpr std::size_t bytes_a_byte = io::has_thread_sanitizer    ? 6
                                            : io::has_address_sanitizer ? 4
                                                                        : 1;

std::size_t soft_descriptor_limit(pid_t pid);

/// Returns once the process has exactly `count` descriptors open. For what only
/// /proc can show: that a peer closed a connection which we closed already.
void await_descriptor_count(pid_t pid, std::size_t count);

/// Whether this kernel and the programs' build can restrict files (2 and later,
/// see landlock.cpp) and filter system calls.
long landlock_abi();
bool has_landlock();
bool has_seccomp();

/// A line's value in /proc/PID/status, "VmRSS" for one.
std::string status_of(pid_t pid, const std::string& name);

} // namespace clearance::test
