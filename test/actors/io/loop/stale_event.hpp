/// Makes Asio report an event of a closed descriptor for the descriptor that is
/// opened next. It happens when many are closed and opened at a time.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>

namespace clearance::test {

/// Runs what is ready in `ioc`. Meanwhile it closes a descriptor for which an
/// event waits, and calls `open`. The first descriptor that `open` opens gets
/// the closed one's place in the reactor.
void with_stale_event(boost::asio::io_context& ioc,
                      const std::function<void()>& open);

} // namespace clearance::test
