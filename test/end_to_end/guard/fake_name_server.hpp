/// A name server for the private "internet".
#pragma once

#include "test/support/files/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace clearance::test {

class fake_name_server {
public:
  /// How a query came.
  struct how_asked {
    std::uint16_t port = 0; ///< the asker's
    bool stream = false;    ///< over TCP
  };

  /// What it answers to the DNS message `query`. Empty: no answer. A name's
  /// first label says which addresses it has; none has an IPv6 address:
  ///
  ///     a7     203.0.113.7
  ///     inner  10.0.0.1
  ///     turn   another one of 203.0.113.0/24 each time, from .100 on
  ///     moves  203.0.113.20, and from the second answer on 203.0.113.21
  ///     port   198.51 and the port that the query came from
  ///     long   203.0.113.77 in 400 records, over TCP alone
  std::string answer(std::string_view query, const how_asked& how);

  /// Answers the query that waits at a UDP socket.
  void serve_datagram(int socket);

  /// Answers one query over TCP: of a program that sends it whole.
  void serve_stream(int listener);

private:
  std::string address_for(const std::string& label, std::uint16_t port);

  unsigned turn_ = 100;
  unsigned asked_for_moves_ = 0;
};

} // namespace clearance::test
