/// An event of a descriptor that is closed already, for the one that is opened
/// next: what many closings and openings at a time bring about.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>

namespace clearance::test {

/// Runs what is ready in `ioc`. In the middle of it a descriptor is closed that
/// has an event waiting, and `open` is called, whose first new descriptor takes
/// its place in the reactor.
void with_stale_event(boost::asio::io_context& ioc,
                      const std::function<void()>& open);

} // namespace clearance::test
