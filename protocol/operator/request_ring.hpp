/// The open requests of one container, for the prompt table.
#pragma once

#include "protocol/base/age_ring.hpp"
#include "protocol/hub/authorisation.hpp"

#include <cstdint>

namespace clearance::protocol {

struct prompt_entry;

/// An open request of a prompt.
struct prompt_request {
  request_ref what;
  prompt_entry* owner = nullptr; ///< null: it has ended

  std::uint64_t number() const noexcept { return what.generation; }
  bool has_ended() const noexcept { return owner == nullptr; }
};

using request_ring = age_ring<prompt_request>;

} // namespace clearance::protocol
