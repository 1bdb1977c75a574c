/// Shared by the sources of the prompt table. Only they include this.
#pragma once

#include "protocol/operator/prompt_store.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace clearance::protocol {

struct prompt_table::impl : prompt_store {
  impl(std::string text, prompt_limits limits)
      : prompt_store(limits), boot(std::move(text)) {
    // nop
  }

  bool fold_again(prompt_entry& x, const blocked& from, prompt_time now);
  const prompt* block(prompt_holder& owner, prompt_entry* last,
                      const blocked& x, prompt_time now);
  prompt_entry& ask_anew(prompt_holder& owner, const prompt_entry* last,
                         std::string key, const blocked& x, prompt_time now);
  bool fold(prompt_entry& x, const blocked& from, prompt_time now);
  bool find_new_flags(prompt_entry& x);
  void flag_neighbours(prompt_entry& x);
  void end_all(prompt_holder& owner, prompt_end why, prompt_time now);
  start_result begin(prompt_entry& x, wish y, prompt_time now);
  finished conclude(prompt_entry& x, prompt_time now);
  void lose_request(prompt_entry& x, std::uint64_t generation, prompt_time now);
  void set_failed(prompt_entry& x, bool failed);

  std::string boot;
  std::uint64_t last_decision = 0;
  std::uint64_t unrecorded = 0;
};

} // namespace clearance::protocol
