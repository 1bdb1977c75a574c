/// `terok-clearance list`, `decide`, `history` and `explain`: one call of the
/// operator interface each.
#pragma once

#include "protocol/hub/verdict.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clearance::services {

struct list_config {
  std::string clearance_socket;   ///< empty: none, with hosts
  std::vector<std::string> hosts; ///< other machines
  std::string container;          ///< empty: all
  bool all = false;               ///< decided and gone prompts, too
  bool json = false;
};

struct decide_config {
  std::string clearance_socket;   ///< empty: none, with hosts
  std::vector<std::string> hosts; ///< other machines
  std::string prompt; ///< empty: all that `all_of` or `target` names
  std::string all_of; ///< a container
  std::string target;
  std::int64_t revision = 0;
  protocol::action action = protocol::action::deny;
  std::string reason;
  std::optional<std::int64_t> seconds; ///< nothing: it does not end by itself
};

struct history_config {
  std::string clearance_socket;
  std::string container; ///< empty: all
  std::optional<std::int64_t> limit;
  bool json = false;
};

struct explain_config {
  std::string clearance_socket;
  std::string prompt; ///< empty: the others say what is asked about
  std::string container;
  std::string target;
  std::vector<std::string> addresses;
  std::vector<std::int64_t> ports;
  std::vector<std::pair<std::string, std::string>> dossier;
};

// Each asks the hub, says what it answers, and returns the exit code.
int list(const list_config& config);
int decide(const decide_config& config);
int history(const history_config& config);
int explain(const explain_config& config);

} // namespace clearance::services
