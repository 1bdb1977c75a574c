/// A hub for applications, as the actor that the application sees. The
/// application itself needs no socket.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/hub/hub.hpp"
#include "actors/hub/messages.hpp"
#include "actors/operator/messages.hpp"
#include "services/embedding/clearance.hpp"
#include "services/embedding/line.hpp"
#include "services/embedding/policy_messages.hpp"

#include <caf/expected.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

struct embedded_hub_config {
  hub_config inner; ///< its executor is not set
  face::executor executor;
  peer who; ///< the application, for the audit trail
  /// Where the policy is, and the load of it at the start.
  face::policy_source policy = {};
  policy_load first = {};
  /// Loads a policy elsewhere, and calls `done` once, on any thread.
  std::function<void(const face::policy_source&,
                     std::function<void(policy_load)> done)>
      load = nullptr;
  /// The audit trail looks whether its file was renamed. Empty: there is no
  /// audit trail.
  std::function<void()> reopen_audit = nullptr;
};

/// Work from a handler of another actor. An actor may use its promises only in
/// its own handlers.
struct deferred {
  std::shared_ptr<const std::function<void()>> what;
};

/// What the application sees, and the executor of the inner hub.
using embedded_hub_actor = face::hub::extend<
    caf::reacts_to<deferred>,
    caf::replies_to<protocol::shield_call>::with<protocol::shield_outcome>,
    caf::replies_to<abilities_atom>::with<shield_abilities_answer>>;

/// Starts a hub. If this actor or the inner hub ends, both end, with the same
/// reason. A message of the application is treated like a call of a client.
/// When the hub ends, messages without an answer get the result if it is known,
/// and otherwise caf::sec::request_receiver_down.
class embedded_hub {
public:
  static inline const char* name = "embedded_hub";
  using interface = embedded_hub_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<embedded_hub>;

  embedded_hub(self_type* self, embedded_hub_config config);
  embedded_hub(const embedded_hub&) = delete;
  embedded_hub& operator=(const embedded_hub&) = delete;
  ~embedded_hub();

  interface::behavior_type make_behavior();

private:
  using subscribe_promise = caf::typed_response_promise<face::subscribe_atom>;
  using watch_promise = caf::typed_response_promise<face::watch_atom>;
  using load_promise = caf::typed_response_promise<face::policy_status>;
  using shield_promise = caf::typed_response_promise<protocol::shield_outcome>;

  /// One call of the application; it has a client connection of its own.
  struct client_call {
    /// Gets the hub's reply, or nothing if the hub ended before.
    std::function<void(std::optional<protocol::varlink::reply>)> answer;
    /// refers to this actor until the reply is known
    std::shared_ptr<line> client;
    std::optional<protocol::varlink::reply> reply; ///< once it is known
  };

  static void settle(client_call& x);
  void start(std::string message, std::shared_ptr<client_call> call);
  /// Sends `message` as a client does, and answers with what `read` makes of
  /// the reply.
  template <class Result>
  caf::typed_response_promise<Result>
  ask(std::string message,
      caf::expected<Result> (*read)(const protocol::varlink::reply&));
  subscribe_promise on_subscribe(const face::subscriber& x);
  watch_promise on_watch(const face::prompt_watcher& x);
  shield_promise on_call(const protocol::shield_call& x);
  void keep_operators(hub_config& inner);
  load_promise on_load(std::optional<face::policy_source> source);
  load_promise on_reload();
  void load_next();
  void on_loaded(const policy_load& x);
  caf::result<face::rules> rules_in_force() const;

  self_type* self_;
  embedded_hub_config config_;
  service_actor inner_;
  // The calls that are not answered yet. Callbacks of other actors hold
  // them, too; these use members of this actor in its own handlers only.
  std::set<std::shared_ptr<client_call>> asked_;
  std::set<std::shared_ptr<subscribe_promise>> subscribing_;
  std::set<std::shared_ptr<watch_promise>> watching_;
  std::set<std::shared_ptr<shield_promise>> calls_;

  /// A load of the policy that the application asked for.
  struct wanted_load {
    std::optional<face::policy_source> source; ///< nothing: that of before
    load_promise answer;
  };
  bool keeps_prompts_ = false;
  prompts_actor operators_;       // null until they are started
  policy_loaded untold_;          // what they are to be told then
  std::deque<wanted_load> loads_; // the first one is being loaded
  std::shared_ptr<const protocol::policy> in_force_; // null: none was loaded
  std::string policy_state_ = "no policy: every prompt waits for a person";
};

/// Runs on the I/O thread.
embedded_hub_actor spawn_embedded_hub(io_host& io, embedded_hub_config config);

} // namespace clearance::actors::embedding

CLEARANCE_MESSAGE(clearance::actors::embedding::deferred)
