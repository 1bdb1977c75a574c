/// A container that is connected to one other network namespace alone.
#pragma once

#include "services/guard/namespaces.hpp"

#include <string>

namespace clearance::services {

/// Joins the network namespaces of both processes by a pair of devices:
/// `terok0` in the one of `neighbour` with the addresses 192.0.2.1/24 and
/// 2001:db8:3::1/64, and `eth0` in the one of `inner` with 192.0.2.2 and
/// 2001:db8:3::2, whose default routes lead to `neighbour`. So one container at
/// a time can be connected to a namespace. Returns an empty text, or what
/// failed.
std::string link_namespaces(const guarded_process& inner,
                            const guarded_process& neighbour);

} // namespace clearance::services
