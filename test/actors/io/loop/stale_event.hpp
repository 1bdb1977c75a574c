/// Makes Asio report an event of a closed descriptor for the descriptor that is
/// opened next. In a running program this happens when many descriptors are
/// closed and opened at the same time.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>

namespace clearance::test {

/// Runs all ready work of `ioc`. Meanwhile it closes a descriptor for which an
/// event waits, and calls `open`. The first descriptor that `open` opens gets
/// the closed descriptor's place in the reactor.
void with_stale_event(boost::asio::io_context& ioc,
                      const std::function<void()>& open);

} // namespace clearance::test
