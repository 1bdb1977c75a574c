/// What calls of the page do with the hubs.
#pragma once

#include "protocol/web/body.hpp"
#include "protocol/web/request.hpp"
#include "services/client/operator_calls.hpp"
#include "services/client/operator_hubs.hpp"

#include <functional>
#include <string>

namespace clearance::services {

/// Every call is answered once by one JSON object, at once or later. Its texts
/// are printable ASCII.
class web_calls {
public:
  using answer = std::function<void(std::string)>;

  /// Both must outlive this object.
  web_calls(operator_hubs& hubs, const protocol::prompt_list& list)
      : hubs_(hubs), list_(list) {
    // nop
  }

  /// `what` is one of decide, explain, quiet, rule and rules.
  void call(protocol::web_call what, const protocol::web_body& body,
            const answer& reply, time_point now);

private:
  void decide(const protocol::list_entry& of, const protocol::web_body& body,
              const answer& reply, time_point now);
  void quiet(const protocol::list_entry& of, const answer& reply,
             time_point now);

  operator_hubs& hubs_;
  const protocol::prompt_list& list_;
  quiet_switches quiet_;
};

} // namespace clearance::services
