/// Prompts and hubs as the page gets them. Every text that a container chose is
/// printable ASCII, in the same words as in the terminal.
#pragma once

#include "protocol/operator/prompt_list.hpp"

#include <string>

namespace clearance::services {

void append_prompt_json(std::string& out, const protocol::list_entry& x);

/// All hubs as one array.
std::string hubs_json(const protocol::prompt_list::hubs_map& hubs);

} // namespace clearance::services
