/// A reader and subscribers that are connected to a server.
#pragma once

#include "test/bench/server.hpp"
#include "test/support/net/raw_socket.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace clearance::bench {

/// One block as a reader reports it, newline included. It is as long as usual
/// ones: it has a domain and a dossier of four fields.
std::string block_line(std::size_t number);

/// The same for one of 1000 containers, in a mixed order, with one of 10 000
/// ids. All containers use the same ids: each id is open in about three
/// containers at a time.
std::string mixed_block_line(std::size_t number);

/// The request_id of block_line().
std::string request_id(std::size_t number);
inline constexpr auto block_container = "6f1d2c3b4a59";
inline constexpr auto block_target = "api.example.com";

/// A reader and some subscribers.
struct clients {
  test::raw_socket reader;
  std::vector<test::raw_socket> subscribers;
};

/// Connects. When it returns, every subscriber has got an event and has read
/// all events. So what comes next is the load.
clients connect_clients(const server& to, std::size_t subscribers);

} // namespace clearance::bench
