#include "protocol/web/tokens.hpp"

#include "protocol/web/limits.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace web_tokens_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;

namespace {

web_random random_of(unsigned char x) {
  web_random result{};
  result.fill(x);
  return result;
}

const auto start = time_point{} + std::chrono::hours{1};

} // namespace

TEST_CASE("a token is 64 digits of the random bytes") {
  web_tokens x;
  web_random bytes{};
  bytes[0] = 0x0f;
  bytes[31] = 0xa5;
  CHECK(x.issue(bytes, {}) == "0f" + std::string(60, '0') + "a5");
}

TEST_CASE("a link works once") {
  web_tokens x;
  const auto token = x.issue(random_of(1), {});
  const auto bearer = x.trade(token, random_of(2), start);
  REQUIRE(bearer);
  CHECK(*bearer != token);
  CHECK_FALSE(x.trade(token, random_of(3), start));
  CHECK(x.bearer_until(*bearer, start));
}

TEST_CASE("neither kind of token stands for the other, nor does a part") {
  web_tokens x;
  const auto token = x.issue(random_of(1), {});
  CHECK_FALSE(x.bearer_until(token, start));
  for (const auto& wrong :
       {std::string{}, token.substr(1), token + "0", std::string(64, '0')})
    CHECK_FALSE(x.trade(wrong, random_of(2), start));
  const auto bearer = x.trade(token, random_of(2), start);
  CHECK_FALSE(x.trade(*bearer, random_of(3), start));
  CHECK_FALSE(x.bearer_until("", start));
}

TEST_CASE("a link with an end is too old at its end, and is then used up") {
  web_tokens x;
  const auto end = start + web_limits::window_lifetime;
  const auto early = x.issue(random_of(1), end);
  const auto late = x.issue(random_of(2), end);
  CHECK(x.trade(early, random_of(3), end - 1ns));
  CHECK_FALSE(x.trade(late, random_of(4), end));
  CHECK_FALSE(x.trade(late, random_of(4), start));
}

TEST_CASE("a bearer token is valid for twelve hours") {
  web_tokens x;
  const auto bearer = x.trade(x.issue(random_of(1), {}), random_of(2), start);
  const auto end = start + 12h;
  CHECK(x.bearer_until(*bearer, end - 1ns) == end);
  CHECK_FALSE(x.bearer_until(*bearer, end));
}

TEST_CASE("one token more than there may be forgets the oldest") {
  web_tokens x;
  std::vector<std::string> links;
  for (std::size_t i = 0; i <= web_limits::one_time_tokens_max; ++i)
    links.push_back(x.issue(random_of(static_cast<unsigned char>(i)), {}));
  CHECK_FALSE(x.trade(links[0], random_of(200), start));
  CHECK(x.trade(links[1], random_of(201), start));

  web_tokens y;
  std::vector<std::string> bearers;
  for (std::size_t i = 0; i <= web_limits::bearers_max; ++i)
    bearers.push_back(
        *y.trade(y.issue(random_of(static_cast<unsigned char>(i)), {}),
                 random_of(static_cast<unsigned char>(100 + i)), start));
  CHECK_FALSE(y.bearer_until(bearers[0], start));
  for (std::size_t i = 1; i < bearers.size(); ++i)
    CHECK(y.bearer_until(bearers[i], start));
}

} // namespace web_tokens_tests
