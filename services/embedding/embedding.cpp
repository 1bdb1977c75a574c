// The functions of the public header. Work that is posted to the loop starts
// every actor on the loop's thread, and the caller waits for it. A loop that
// has ended runs no work, so the caller waits for the loop's end, too.

#include "actors/base/error.hpp"
#include "actors/executor/helper_executor.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/gate/gate.hpp"
#include "actors/io/http/http_server.hpp"
#include "actors/io/loop/loop.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/gate/git_route.hpp"
#include "services/embedding/clearance.hpp"
#include "services/embedding/embedded_audit.hpp"
#include "services/embedding/embedded_executor.hpp"
#include "services/embedding/embedded_hub.hpp"
#include "services/embedding/embedded_log.hpp"
#include "services/embedding/embedded_metrics.hpp"
#include "services/embedding/embedded_policy.hpp"
#include "services/gate/setup.hpp"
#include "services/operator/audit_file.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/metrics.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <unistd.h>
#include <utility>

namespace clearance::embedding {

namespace {

namespace inside = actors::embedding;

caf::error bad_argument(std::string why) {
  return actors::make_error(actors::errc::bad_argument, std::move(why));
}

/// Runs `f(loop)` on the loop's thread and returns its result, or the error if
/// the loop has ended.
template <class T, class F>
caf::expected<T> run_on(const caf::actor& handle, F f) {
  if (!handle)
    return bad_argument("there is no loop");
  auto& loop = io::as_loop(handle);
  // On the loop's own thread the caller would wait for itself.
  if (loop.context().get_executor().running_in_this_thread())
    return bad_argument("called on the loop's own thread");
  auto result = std::make_shared<std::promise<caf::expected<T>>>();
  auto once = std::make_shared<std::once_flag>();
  auto set = [result, once](caf::expected<T> x) {
    std::call_once(*once, [&] { result->set_value(std::move(x)); });
  };
  auto fail = [result, once](const std::exception_ptr& why) {
    std::call_once(*once, [&] { result->set_exception(why); });
  };
  auto outcome = result->get_future();
  handle->attach_functor([set](const caf::error&) {
    set(caf::expected<T>{bad_argument("the loop has ended")});
  });
  loop.post([set, fail, &loop, f = std::move(f)]() mutable {
    try {
      set(f(loop));
    } catch (...) {
      fail(std::current_exception());
    }
  });
  return outcome.get(); // throws what f threw
}

actors::executor_actor spawn_inner(io::loop& loop, const executor_config& x) {
  if (!x.helper_socket.empty())
    return actors::spawn_helper_executor(
        loop, actors::helper_executor_config{&loop, x.helper_socket});
  return actors::spawn_shield_executor(
      loop, actors::shield_executor_config{&loop, x.shield});
}

// Sets `to` to the board of `from`. Returns false if there is a handle without
// a board on this loop.
bool use_board(const metrics& from, const io::loop& loop,
               actors::counter_board_ptr& to) {
  if (from)
    to = inside::board_of(from, loop);
  return !from || to;
}

constexpr auto no_metrics =
    "the metrics are not those of this loop, or have ended";

// The functor keeps what the actor needs, and drops it with the actor.
template <class Handle, class T>
void keep_for(const Handle& actor, std::shared_ptr<T> what) {
  caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor(
      [what = std::move(what)](const caf::error&) {
        // nop
      });
}

// When the first actor ends, so does the second one, for the same reason.
template <class First, class Second>
void end_with(const First& first, const Second& second) {
  caf::actor_cast<caf::abstract_actor*>(first)->attach_functor(
      [second = caf::actor_cast<caf::actor>(second),
       source =
           caf::actor_cast<caf::actor_addr>(first)](const caf::error& why) {
        caf::anon_send(
            second,
            caf::exit_msg{source, why ? why : caf::exit_reason::user_shutdown});
      });
}

/// The objects that a gate needs while it lives.
struct gate_surroundings {
  std::optional<services::private_directory> home;
  std::optional<services::private_directory> temporary_files;
  std::unique_ptr<io::http_server> http;
};

actors::gate_config configure(const gate_config& x, gate_surroundings& around) {
  if (!protocol::is_repository_name(x.scope))
    throw services::setup_fault(1, "the scope is not a repository name");
  if (x.token.empty())
    throw services::setup_fault(1, "the token is empty");
  if (x.socket.empty() == (x.port == 0))
    throw services::setup_fault(1, "either a socket or a port is needed");
  actors::gate_config result;
  result.listen.path = x.socket;
  if (x.socket.empty())
    result.listen.address = "127.0.0.1";
  result.listen.port = x.port;
  result.grants = actors::one_grant(protocol::sha256(x.token), x.scope);
  result.backends_max = x.git_max;
  result.backend = services::backend_from_environment();
  auto& cgi = result.backend.cgi;
  cgi.project_root =
      services::existing_directory(x.mirror_root, "the mirror root");
  cgi.home = x.home.empty()
                 ? around.home.emplace(services::directory_use::home).path()
                 : services::existing_directory(x.home, "the home");
  if (x.hooks_path.empty())
    return result;
  cgi.hooks_path = services::existing_directory(x.hooks_path, "the hooks");
  result.upkeep.program = io::find_program("terok-gate");
  result.upkeep.mirror_root = cgi.project_root;
  cgi.tmpdir =
      around.temporary_files.emplace(services::directory_use::temporary_files)
          .path();
  return result;
}

} // namespace

void add_types(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::clearance>();
}

const char* version() noexcept {
  return CLEARANCE_VERSION;
}

caf::actor start_loop(caf::actor_system& system) {
  log_to_stderr_by_default();
  return io::spawn_loop(system);
}

caf::expected<executor> start_executor(const caf::actor& loop,
                                       const executor_config& config) {
  return run_on<executor>(loop, [config](io::loop& x) {
    return executor{inside::spawn_embedded_executor(x, spawn_inner(x, config))};
  });
}

caf::expected<hub> start_hub(const caf::actor& loop,
                             const hub_config& config) try {
  inside::embedded_hub_config result;
  result.inner.clearance_socket = config.clearance_socket;
  result.inner.reader_socket = config.reader_socket;
  actors::prompts_config prompts;
  const auto boot = actors::new_boot_id();
  prompts.boot = boot;
  if (!config.only_container.empty()) {
    result.inner.only_container.emplace(config.only_container);
    prompts.id = config.only_container;
  }
  const auto name = prompts.id;
  prompts.limits.total =
      std::min(prompts.limits.total, config.open_requests_max);
  if (config.prompts)
    result.inner.spawn_operators = actors::operators_with(std::move(prompts));
  result.inner.limits.total = config.open_requests_max;
  result.inner.readers_max = config.readers_max;
  result.inner.clients_max = config.clients_max;
  result.inner.subscribers_max = config.subscribers_max;
  result.executor = config.executor;
  result.who = {::getuid(), ::getpid(), "host", true};
  if (!result.executor)
    return bad_argument("there is no executor");
  result.policy = config.policy;
  if (!inside::is_empty(config.policy)) {
    if (!config.prompts)
      return bad_argument("a hub without prompts has no policy");
    result.first = inside::load_policy_of(config.policy);
  }
  inside::opened_audit audit;
  if (!config.audit.file.empty()) {
    audit = inside::open_audit(config.audit, name, boot);
    result.reopen_audit = audit.reopen;
  }
  auto start = [result, audit, from = config.metrics](
                   io::loop& x) mutable -> caf::expected<hub> {
    if (!use_board(from, x, result.inner.board))
      return bad_argument(no_metrics);
    if (audit.give_to)
      audit.give_to(result.inner);
    result.inner.io = &x;
    result.load = [&x](const policy_source& source, auto done) {
      inside::load_policy_elsewhere(x.system(), source, std::move(done));
    };
    return hub{inside::spawn_embedded_hub(x, result)};
  };
  return run_on<hub>(loop, std::move(start));
} catch (const services::audit_fault& x) {
  return bad_argument(x.what());
}

caf::expected<gate> start_gate(const caf::actor& loop,
                               const gate_config& config) try {
  auto around = std::make_shared<gate_surroundings>();
  auto result = configure(config, *around);
  auto start = [result, around, from = config.metrics](
                   io::loop& x) mutable -> caf::expected<gate> {
    if (!use_board(from, x, result.board))
      return bad_argument(no_metrics);
    around->http = std::make_unique<io::http_server>(x.context());
    result.io = &x;
    result.http = around->http.get();
    auto started = actors::spawn_gate(x, result);
    keep_for(started, around);
    return gate{started};
  };
  return run_on<gate>(loop, std::move(start));
} catch (const services::setup_fault& x) {
  return bad_argument(x.what());
}

// The two actors end together.
caf::expected<metrics> start_metrics(const caf::actor& loop,
                                     const metrics_config& config) try {
  auto server = std::make_shared<services::metrics_server>(
      config.address, services::exit_failed, "the address of the metrics");
  return run_on<metrics>(loop, [server](io::loop& x) {
    auto result = inside::spawn_embedded_metrics(x, server->board());
    if (const auto port = server->spawn(x)) {
      keep_for(port, server);
      end_with(port, result);
      end_with(result, port);
    }
    return result;
  });
} catch (const services::setup_fault& x) {
  return bad_argument(x.what());
}

bool flush_audit_trails(std::chrono::milliseconds max) {
  return inside::await_audits(max);
}

std::string what(const caf::error& x) {
  return actors::what(x);
}

} // namespace clearance::embedding
