/// An executor for applications, as the actor that the application sees.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/executor/messages.hpp"
#include "services/embedding/clearance.hpp"

#include <caf/typed_response_promise.hpp>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

/// Passes calls on to an inner executor. If one of the two ends, both do.
class embedded_executor {
public:
  static inline const char* name = "embedded_executor";
  using interface = face::executor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<embedded_executor>;

  embedded_executor(self_type* self, executor_actor inner);
  embedded_executor(const embedded_executor&) = delete;
  embedded_executor& operator=(const embedded_executor&) = delete;
  ~embedded_executor();

  interface::behavior_type make_behavior();

private:
  using promise = caf::typed_response_promise<face::shield_result>;

  promise on_call(const face::shield_call& x);

  self_type* self_;
  executor_actor inner_;
};

/// Runs on the I/O thread.
face::executor spawn_embedded_executor(io_host& io, executor_actor inner);

} // namespace clearance::actors::embedding
