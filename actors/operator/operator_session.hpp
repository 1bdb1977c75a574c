/// One client that watches prompts.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/operator/messages.hpp"

#include <caf/actor_addr.hpp>
#include <caf/error.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace clearance::actors {

struct operator_session_config {
  prompts_actor prompts; ///< linked: both end together, but see below
  connection_ptr connection;
  slot place; ///< dropped when the client has left
};

/// Writes what the prompts send to its connection. It asks for the next changes
/// when the socket has taken the last ones, so a client that does not read
/// costs one piece of replies; meanwhile the prompts merge what changes. Ends
/// normally when its client leaves; then the prompts go on.
class operator_session {
public:
  static inline const char* name = "operator_session";
  using interface = operator_session_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<operator_session>;

  operator_session(self_type* self, operator_session_config config);
  operator_session(const operator_session&) = delete;
  operator_session& operator=(const operator_session&) = delete;
  ~operator_session();

  interface::behavior_type make_behavior();

private:
  void on_changes(const changes& x);
  caf::error on_fault(const std::exception_ptr& fault);
  void leave(std::string_view why);
  void flush();

  self_type* self_;
  operator_session_config config_;
  std::shared_ptr<const std::string> bytes_; // null: the next ones are awaited
  std::size_t sent_ = 0;
};

/// Runs on the I/O thread.
operator_session_actor spawn_operator_session(io_host& io,
                                              operator_session_config config);

} // namespace clearance::actors
