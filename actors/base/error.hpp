/// Our own errors, in CAF's terms.
#pragma once

#include <caf/atom.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <string>

namespace clearance::actors {

enum class errc : std::uint8_t {
  bind_failed = 1, ///< a socket could not be bound; the text says which, why
  connect_failed,  ///< a peer could not be reached
  directory_lost,  ///< the directory of sidecars is gone; the text says how
};

/// The sentence that make_error() was given, or a rendering of the code.
std::string what(const caf::error& x);

caf::error make_error(errc code);
caf::error make_error(errc code, std::string text);

} // namespace clearance::actors
