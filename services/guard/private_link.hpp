/// A container that is connected to one other network namespace alone.
#pragma once

#include "services/guard/namespaces.hpp"

#include <string>

namespace clearance::services {

/// The pair of devices, as long as this object lives.
class private_link {
public:
  /// Joins the network namespaces of both processes by a pair of devices:
  /// `terok0` in the one of `neighbour` with the addresses 192.0.2.1/24 and
  /// 2001:db8:3::1/64, and `eth0` in the one of `inner` with 192.0.2.2 and
  /// 2001:db8:3::2, whose default routes lead to `neighbour`. So one container
  /// at a time can be connected to a namespace: waits a moment for the end of
  /// one that is ending. `neighbour` must live as long as this object. Throws
  /// setup_fault.
  private_link(const guarded_process& inner, const guarded_process& neighbour);

  private_link(const private_link&) = delete;
  private_link& operator=(const private_link&) = delete;

  /// A process of its own removes the pair, and nobody waits for it: the kernel
  /// takes 20 ms. Otherwise the kernel would do so by itself, but some time
  /// after the last process in `inner` has ended.
  ~private_link();

private:
  const guarded_process* neighbour_;
  int device_ = 0; // its number in the namespace of the neighbour
};

} // namespace clearance::services
