/// A question to the policy that somebody asks in advance.
#pragma once

#include "protocol/operator/policy.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// About a target that a container might want.
class policy_inquiry {
public:
  std::string container;
  std::vector<std::pair<std::string, std::string>> dossier;
  std::vector<std::int64_t> ports;
  bool unattended = false;

  /// Takes a name or an address.
  void set_target(std::string_view x);

  /// Adds an address of the name. False: `x` is none.
  bool add_address(std::string_view x);

  /// Is valid until this object changes.
  policy_question question() const;

private:
  std::string domain_; // empty: the target is an address
  std::vector<ip_address> addresses_;
};

} // namespace clearance::protocol
