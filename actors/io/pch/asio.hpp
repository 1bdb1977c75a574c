// What every source that touches a descriptor parses first, compiled once. No
// include guard: it is a compiler's main file.

#include "actors/pch/caf.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
