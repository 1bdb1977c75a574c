/// Prompts, decisions and hubs in words, for plain text and for the terminal
/// interface. All of it is printable ASCII, whatever a container chose.
#pragma once

#include "protocol/operator/prompt_list.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace clearance::services {

/// `6f1d2c3b4a59`, or the name that the dossier has for it.
std::string container_words(const protocol::listed_prompt& x);

/// `443`, `443,80`, or nothing.
std::string ports_words(const protocol::listed_prompt& x);

/// `151.101.64.223`, `151.101.64.223 and 3 more`.
std::string addresses_words(const protocol::listed_prompt& x);

/// `metadata service, no name`, what matters most first; nothing without flags.
std::string flags_words(const protocol::listed_prompt& x);

/// `allow by uid 1000 (tui): needed for wheels`.
std::string decision_words(const protocol::decision& x);

/// Why a prompt is gone: `its container ended`.
std::string end_words(std::string_view why);

/// `connected`, `cannot connect ...`; one line.
std::string hub_words(const protocol::hub_entry& x);

std::string host_words(const protocol::host_entry& x);

/// What of `now` is not as it was in `before`, for a person who was about to
/// decide: `address 10.0.0.1 is new; flag private address is new`.
std::string changes_words(const protocol::listed_prompt& before,
                          const protocol::listed_prompt& now);

/// The rule that would decide such prompts, as it stands in a file of the
/// policy. `day` is `YYYY-MM-DD`: when it expires.
std::string rule_text(const protocol::listed_prompt& x, protocol::action action,
                      std::string_view day);

} // namespace clearance::services
