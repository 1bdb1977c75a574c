/// A call of the operator interface as a message.
#pragma once

#include "protocol/operator/json_members.hpp"

#include <string>
#include <string_view>

namespace clearance::services {

/// A whole message, NUL included. `write(members)` writes the parameters.
/// `more`: the call takes more than one reply.
template <class F>
std::string operator_message(std::string_view method, F write,
                             bool more = false) {
  std::string result = R"({"method":"org.terok.ClearanceOperator1.)";
  result += method;
  result += R"(","parameters":)";
  {
    protocol::json_members to{result};
    write(to);
  }
  result += more ? R"(,"more":true})" : "}";
  result += '\0';
  return result;
}

} // namespace clearance::services
