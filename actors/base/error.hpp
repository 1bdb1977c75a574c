/// Our own error codes, for caf::error.
#pragma once

#include <caf/atom.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <string>

namespace clearance::actors {

enum class errc : std::uint8_t {
  /// a socket could not be bound; the text says which one and why
  bind_failed = 1,
  connect_failed, ///< a peer could not be reached
  /// the directory of sidecars is gone; the text says what happened
  directory_lost,
  nothing_started, ///< no service of a container could be started
  bad_argument,    ///< of an application that embeds us; the text says which
};

/// The text that was given to make_error(), else a description of the code.
std::string what(const caf::error& x);

caf::error make_error(errc code);
caf::error make_error(errc code, std::string text);

} // namespace clearance::actors
