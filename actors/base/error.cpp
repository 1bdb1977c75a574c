#include "actors/base/error.hpp"

#include <caf/deep_to_string.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <utility>

namespace clearance::actors {

namespace {

constexpr auto category = caf::atom("clearance");

} // namespace

std::string what(const caf::error& x) {
  // An error without a code has no category.
  if (x && x.category() == category
      && x.context().match_elements<std::string>())
    return x.context().get_as<std::string>(0);
  return caf::to_string(x);
}

caf::error make_error(errc code) {
  return {static_cast<std::uint8_t>(code), category};
}

caf::error make_error(errc code, std::string text) {
  return {static_cast<std::uint8_t>(code), category,
          caf::make_message(std::move(text))};
}

} // namespace clearance::actors
