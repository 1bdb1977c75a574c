#include "protocol/text/secret.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>
#include <type_traits>

namespace secret_tests {

using clearance::protocol::equal_in_constant_time;
using clearance::protocol::secret;

namespace {

template <class T>
concept printable = requires(std::ostream& out, const T& x) {
  out << x;
};

} // namespace

static_assert(!printable<secret>);
static_assert(!std::is_copy_constructible_v<secret>);
static_assert(!std::is_copy_assignable_v<secret>);
static_assert(!std::is_convertible_v<secret, std::string_view>);

TEST_CASE("secrets are equal when all their bytes are") {
  using namespace std::string_view_literals;
  CHECK(secret("abc") == secret("abc"));
  CHECK(secret("") == secret());
  CHECK_FALSE(secret("abc") == secret("abd"));
  CHECK_FALSE(secret("abc") == secret("Abc"));
  CHECK_FALSE(secret("abc") == secret("ab"));
  CHECK_FALSE(secret("ab\0c"sv) == secret("ab\0d"sv));
  CHECK_FALSE(equal_in_constant_time("\x80", "\x00"sv));
}

TEST_CASE("a moved secret is in one place only") {
  secret a("token");
  const auto* bytes = a.reveal().data();
  secret b(std::move(a));
  CHECK_EQ(b.reveal().data(), bytes); // no second copy was made
  CHECK_EQ(b.reveal(), "token");
  secret c;
  c = std::move(b);
  CHECK_EQ(c.reveal().data(), bytes);
}

TEST_CASE("wiped memory holds nothing") {
  std::string bytes = "token";
  clearance::protocol::wipe(bytes);
  CHECK_EQ(bytes, std::string(5, '\0'));
  clearance::protocol::wipe({});
}

} // namespace secret_tests
