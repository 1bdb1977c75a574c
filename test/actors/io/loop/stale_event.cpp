#include "test/actors/io/loop/stale_event.hpp"

#include "test/actors/io/process/processes.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

namespace clearance::test {

void with_stale_event(boost::asio::io_context& ioc,
                      const std::function<void()>& open) {
  using descriptor = boost::asio::posix::stream_descriptor;
  pipe_ends first;
  pipe_ends second;
  descriptor closer{ioc, first.reading.get()};
  descriptor closed{ioc, second.reading.get()};
  first.reading.release();
  second.reading.release();
  closer.async_wait(descriptor::wait_read, [&](auto) {
    closed.close();
    open();
  });
  // Both descriptors hang up. The reactor takes both events at once, in this
  // order.
  first.writing.reset();
  second.writing.reset();
  ioc.poll();
  ioc.restart();
}

} // namespace clearance::test
