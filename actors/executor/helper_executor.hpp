/// Executes verdicts by calling the verdict helper.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/messages.hpp"
#include "actors/executor/messages.hpp"
#include "protocol/base/time.hpp"
#include "protocol/varlink/message.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::actors {

struct helper_executor_config {
  io_host* io = nullptr;
  std::string path; ///< the helper's socket
};

using helper_executor_actor = executor_actor::extend<
    // From its connections.
    caf::reacts_to<received>, caf::reacts_to<writable>, caf::reacts_to<hung_up>,
    // From itself: a deadline may have passed.
    caf::reacts_to<tick_atom>>;

/// Calls `Apply` and `Capabilities` over at most limits::helper_connections_max
/// connections, which are opened when they are needed, with one call at a time
/// on each. See helper_executor.cpp.
class helper_executor {
public:
  static inline const char* name = "helper_executor";
  using interface = helper_executor_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<helper_executor>;

  helper_executor(self_type* self, helper_executor_config config);
  helper_executor(const helper_executor&) = delete;
  helper_executor& operator=(const helper_executor&) = delete;
  ~helper_executor();

  interface::behavior_type make_behavior();

private:
  using promise = caf::typed_response_promise<protocol::shield_outcome>;

  using abilities_promise =
      caf::typed_response_promise<shield_abilities_answer>;

  /// A call of `Apply`, or of `Capabilities`.
  struct pending_call {
    std::uint64_t id = 0;
    protocol::time_point due{};
    std::string message;
    std::variant<promise, abilities_promise> answer;
  };

  /// A connection of the pool. It is idle if `call` is 0.
  struct line {
    connection_ptr connection;
    pending_call call;
    std::size_t sent = 0; // bytes of the call that are written
    bool fresh = true;    // opened for the current call
  };

  promise on_call(const protocol::shield_call& x);
  abilities_promise on_abilities();
  void enqueue(const pending_call& x);
  void on_received(const received& x);
  void on_writable(const writable& x);
  void on_tick();

  void assign();
  bool place(pending_call& x);
  bool dial(line& x, std::string& why);
  void read_on(line& x);
  void write(line& x);
  void answered(line& x, std::string_view message, std::size_t capacity);
  static void answer(pending_call& call, std::string_view message,
                     std::size_t capacity);
  static void answer_apply(pending_call& call,
                           const protocol::varlink::reply& reply);
  void lost(line& x, std::string_view why);
  void repeat(pending_call& x);
  void watch_clock();
  static void fail(pending_call& x, std::string_view why);
  line* find(connection_id id);
  void remove(line& x);

  self_type* self_;
  helper_executor_config config_;
  std::uint64_t last_call_ = 0;
  std::vector<std::unique_ptr<line>> lines_;
  std::deque<pending_call> waiting_;
  protocol::time_point next_tick_ = protocol::time_point::max();
};

/// Runs on the I/O thread.
helper_executor_actor spawn_helper_executor(io_host& io,
                                            helper_executor_config config);

} // namespace clearance::actors
