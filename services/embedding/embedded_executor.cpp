#include "services/embedding/embedded_executor.hpp"

#include "protocol/base/limits.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <utility>

namespace clearance::actors::embedding {

namespace limits = protocol::limits;

embedded_executor::embedded_executor(self_type* self, executor_actor inner)
    : self_(self), inner_(std::move(inner)) {
  // nop
}

embedded_executor::~embedded_executor() {
  caf::anon_send_exit(inner_, caf::exit_reason::user_shutdown);
}

embedded_executor::interface::behavior_type embedded_executor::make_behavior() {
  self_->monitor(inner_);
  self_->set_down_handler(
      [this](const caf::down_msg& x) { self_->quit(x.reason); });
  return {[this](const face::shield_call& x) { return on_call(x); }};
}

embedded_executor::promise
embedded_executor::on_call(const face::shield_call& x) {
  auto answer = self_->make_response_promise<face::shield_result>();
  const auto action =
      x.allow ? protocol::action::allow : protocol::action::deny;
  self_
      ->request(inner_, limits::executor_deadline,
                protocol::shield_call{action, x.container, x.dest})
      .then(
          [answer](protocol::shield_outcome& y) mutable {
            answer.deliver(face::shield_result{y.ok, std::move(y.stderr_text)});
          },
          [answer](const caf::error&) mutable {
            answer.deliver(face::shield_result{
                false, "the verdict executor does not answer"});
          });
  return answer;
}

face::executor spawn_embedded_executor(io_host& io, executor_actor inner) {
  return spawn_hosted<embedded_executor>(io, std::move(inner));
}

} // namespace clearance::actors::embedding
