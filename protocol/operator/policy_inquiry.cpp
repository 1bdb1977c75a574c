#include "protocol/operator/policy_inquiry.hpp"

namespace clearance::protocol {

void policy_inquiry::set_target(std::string_view x) {
  domain_.clear();
  addresses_.clear();
  if (!add_address(x))
    domain_ = x;
}

bool policy_inquiry::add_address(std::string_view x) {
  const auto address = parse_ip_address(x);
  if (address)
    addresses_.push_back(*address);
  return address.has_value();
}

policy_question policy_inquiry::question() const {
  policy_question result;
  result.container = container;
  result.dossier = dossier;
  result.domain = domain_;
  result.addresses = addresses_;
  result.ports = ports;
  result.unattended = unattended;
  flag_facts facts;
  facts.domain = domain_;
  facts.addresses = addresses_;
  result.flags = find_flags(facts);
  return result;
}

} // namespace clearance::protocol
