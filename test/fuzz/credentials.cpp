#include "protocol/gate/credentials.hpp"

#include "test/fuzz/fuzz.hpp"

namespace credentials_fuzzer {

namespace {

using clearance::protocol::read_credentials;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  const auto found = read_credentials(text);
  require(found.size() <= 2, "there is a user name and a password at most");
  std::size_t bytes = 0;
  for (const auto& x : found) {
    require(!x.empty(), "nothing is no token");
    bytes += x.reveal().size();
  }
  require(found.empty() || bytes < text.size(), "tokens are part of the value");
  if (found.size() == 2)
    require(found[0].reveal().find(':') == std::string_view::npos,
            "a user's name ends at the first colon");
}

const clearance::test::fuzzer registered{"credentials", run};

} // namespace

} // namespace credentials_fuzzer
