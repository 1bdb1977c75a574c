#include "protocol/gate/basic_auth.hpp"

#include "test/fuzz/fuzz.hpp"

namespace basic_auth_fuzzer {

namespace {

using clearance::protocol::basic_user;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  if (const auto user = basic_user(text)) {
    require(!user->empty(), "a user has a name");
    require(user->reveal().find(':') == std::string_view::npos,
            "a user's name ends at the first colon");
    require(user->reveal().size() * 4 <= text.size() * 3,
            "base64 does not shrink");
  }
}

const clearance::test::fuzzer registered{"basic_auth", run};

} // namespace

} // namespace basic_auth_fuzzer
