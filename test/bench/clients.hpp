/// The two ends of a server's sockets, connected and known to be served.
#pragma once

#include "test/bench/server.hpp"
#include "test/support/net/raw_socket.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace clearance::bench {

/// One block as a reader tells it, the newline included. As long as a usual
/// one: with a domain and a dossier of four.
std::string block_line(std::size_t number);

/// The same of one of 1000 containers, in a mixed order, with one of 10 000
/// ids, which the containers share: an id is open in some three of them at a
/// time.
std::string mixed_block_line(std::size_t number);

/// What `block_line()` cites.
std::string request_id(std::size_t number);
inline constexpr auto block_container = "6f1d2c3b4a59";
inline constexpr auto block_target = "api.example.com";

/// A reader and some subscribers.
struct clients {
  test::raw_socket reader;
  std::vector<test::raw_socket> subscribers;
};

/// Connects. When it returns every subscriber has been sent an event and has
/// read all there were: what comes next is the load.
clients connect_clients(const server& to, std::size_t subscribers);

} // namespace clearance::bench
