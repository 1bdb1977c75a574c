/// Prompts and decisions as an operator reads them.
#pragma once

#include "protocol/json/json_tree.hpp"

#include <string>
#include <string_view>

namespace clearance::services {

/// Lines with their newlines: what is asked, what is known, and for a prompt
/// that waits what an allow opens and the command that answers it. `x` is a
/// Prompt of the hub at `socket`; members that are missing are left out.
std::string prompt_text(const protocol::json_tree& x, std::string_view socket,
                        std::string_view default_socket);

/// The same for a hub that the command reaches by `options`: ` --host kim@far`.
std::string prompt_text(const protocol::json_tree& x, std::string_view options);

/// ` --clearance-socket PATH`, or nothing for the default.
std::string socket_option(std::string_view socket,
                          std::string_view default_socket);

/// One line with its newline. `x` is a Decision.
std::string decision_text(const protocol::json_tree& x);

} // namespace clearance::services
