#include "protocol/operator/prompt.hpp"

namespace clearance::protocol {

std::string_view to_string(decider::kind x) noexcept {
  switch (x) {
  case decider::kind::operator_client:
    return "operator";
  case decider::kind::policy:
    return "policy";
  case decider::kind::application:
    return "application";
  }
  return {};
}

std::string_view to_string(decision_result x) noexcept {
  switch (x) {
  case decision_result::applied:
    return "applied";
  case decision_result::failed:
    return "failed";
  case decision_result::pending:
    return "pending";
  case decision_result::left_denied:
    return "left_denied";
  }
  return {};
}

std::string_view to_string(prompt_state x) noexcept {
  switch (x) {
  case prompt_state::waiting:
    return "waiting";
  case prompt_state::deciding:
    return "deciding";
  case prompt_state::decided:
    return "decided";
  case prompt_state::gone:
    return "gone";
  }
  return {};
}

std::string_view to_string(prompt_end x) noexcept {
  switch (x) {
  case prompt_end::none:
    return {};
  case prompt_end::container_exited:
    return "container_exited";
  case prompt_end::shield_down:
    return "shield_down";
  case prompt_end::shield_disengaged:
    return "shield_disengaged";
  case prompt_end::forgotten:
    return "forgotten";
  }
  return {};
}

} // namespace clearance::protocol
