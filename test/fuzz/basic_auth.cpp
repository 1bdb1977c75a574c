#include "protocol/basic_auth.hpp"

#include "test/fuzz/fuzz.hpp"

using clearance::protocol::basic_user;
using clearance::test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  if (const auto user = basic_user(text)) {
    require(!user->empty(), "a user has a name");
    require(user->reveal().find(':') == std::string_view::npos,
            "a user's name ends at the first colon");
    require(user->reveal().size() * 4 <= text.size() * 3,
            "base64 does not shrink");
  }
  return 0;
}
