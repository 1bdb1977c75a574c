/// A container that is connected to one other network namespace alone.
#pragma once

#include "services/guard/namespaces.hpp"

#include <string>

namespace clearance::services {

/// Ends what link_namespaces() has made. Otherwise the kernel does so, but some
/// time after the last process in `inner` has ended.
void unlink_namespace(const guarded_process& neighbour);

/// Joins the network namespaces of both processes by a pair of devices:
/// `terok0` in the one of `neighbour` with the addresses 192.0.2.1/24 and
/// 2001:db8:3::1/64, and `eth0` in the one of `inner` with 192.0.2.2 and
/// 2001:db8:3::2, whose default routes lead to `neighbour`. So one container at
/// a time can be connected to a namespace: waits a moment for the end of one
/// that is ending. Returns an empty text, or what failed.
std::string link_namespaces(const guarded_process& inner,
                            const guarded_process& neighbour);

} // namespace clearance::services
