#include "protocol/web/tokens.hpp"

#include "protocol/web/limits.hpp"

namespace clearance::protocol {

namespace {

std::string hex_token(const web_random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (unsigned each : random) {
    result += digits[each >> 4];
    result += digits[each & 15];
  }
  return result;
}

/// Looks at all entries, also behind the one that fits.
template <class Entries>
std::optional<std::size_t> index_of_token(const Entries& all,
                                          std::string_view token) {
  const auto digest = sha256(token);
  std::optional<std::size_t> result;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (equal_in_constant_time(all[i].digest, digest))
      result = i;
  return result;
}

} // namespace

std::string web_tokens::issue(const web_random& random,
                              std::optional<time_point> until) {
  auto token = hex_token(random);
  if (one_time_.size() >= web_limits::one_time_tokens_max)
    one_time_.pop_front();
  one_time_.push_back({sha256(token), until});
  return token;
}

std::optional<std::string> web_tokens::trade(std::string_view token,
                                             const web_random& random,
                                             time_point now) {
  const auto found = index_of_token(one_time_, token);
  if (!found)
    return std::nullopt;
  const auto until = one_time_[*found].until;
  one_time_.erase(one_time_.begin() + static_cast<std::ptrdiff_t>(*found));
  if (until && now >= *until)
    return std::nullopt;
  auto bearer = hex_token(random);
  if (bearers_.size() >= web_limits::bearers_max)
    bearers_.pop_front();
  bearers_.push_back({sha256(bearer), now + web_limits::bearer_lifetime});
  return bearer;
}

std::optional<time_point> web_tokens::bearer_until(std::string_view token,
                                                   time_point now) const {
  const auto found = index_of_token(bearers_, token);
  if (!found || now >= *bearers_[*found].until)
    return std::nullopt;
  return bearers_[*found].until;
}

} // namespace clearance::protocol
