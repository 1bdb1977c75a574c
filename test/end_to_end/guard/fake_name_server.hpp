/// A name server for the private "internet".
#pragma once

#include "test/support/files/unique_fd.hpp"

#include <string>
#include <string_view>

namespace clearance::test {

/// What it answers to the DNS message `query`. A name's first label says which
/// addresses it has: `a7` has 203.0.113.7 (and no IPv6 address), `inner` has
/// 10.0.0.1, and `turn` has another address of 203.0.113.0/24 each time, from
/// 203.0.113.100 on. Empty: no answer.
class fake_name_server {
public:
  std::string answer(std::string_view query);

private:
  unsigned turn_ = 100;
};

} // namespace clearance::test
