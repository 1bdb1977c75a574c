/// errno values that mean: out of a resource for now, try again later.
#pragma once

#include <cerrno>

namespace clearance::io {

/// Whether an errno says that descriptors or memory ran out. Then try again
/// later. Source: accept(2), "Errors".
inline bool ran_out(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS
         || error == ENOMEM;
}

} // namespace clearance::io
