// The main thread waits for signals and does nothing else; every other thread
// has them blocked. The end of the loop reaches the main thread as one more
// signal.

#include "services/process/service_process.hpp"

#include "actors/base/error.hpp"
#include "actors/base/manager_link.hpp"
#include "actors/io/process/spawn.hpp"
#include "protocol/text/error_text.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/log.hpp"
#include "services/process/notifier.hpp"
#include "services/process/setup_fault.hpp"
#include "services/process/systemd.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

constexpr auto service_name = "terok-clearance";

// Wakes the main thread when the loop has ended. Not a real-time signal: under
// RLIMIT_SIGPENDING 0 the kernel queues none of them. If another
// process sends it, nothing happens.
constexpr int wake_up = SIGURG;

sigset_t block_signals(bool reloads) {
  sigset_t result;
  sigemptyset(&result);
  for (auto signal : {SIGINT, SIGTERM, SIGUSR1, wake_up})
    sigaddset(&result, signal);
  if (reloads)
    sigaddset(&result, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &result, nullptr);
  return result;
}

// CAF aborts when it cannot start one of its threads. So this starts as many
// threads as there will be, all at the same time, and reports the fault.
void check_threads(int cannot_start) {
  constexpr std::size_t count = 7; // CAF's, the loop, and some to spare
  std::mutex gate;
  std::vector<std::jthread> threads; // join before `gate` goes
  const std::lock_guard closed{gate};
  try {
    for (std::size_t i = 0; i < count; ++i)
      threads.emplace_back([&gate] { const std::lock_guard open{gate}; });
  } catch (const std::system_error& e) {
    throw setup_fault(
        cannot_start,
        "cannot start threads: " + protocol::error_text(e.code().value())
            + "; raise TasksMax= of the unit or the limit of processes "
              "(ulimit -u), or give it more memory");
  }
}

// CAF's default scheduler polls when idle; ours has next to nothing to do.
void configure(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{1});
  config.set("scheduler.max-throughput", std::size_t{64});
}

// What the threads share.
struct shared_state {
  std::mutex mutex;
  running_service service;
  caf::error reason;
  bool loop_has_ended = false;
  bool has_service = false;
  bool missed_reload = false; // SIGHUP came before there was a service
};

// What systemd put into our environment. It is taken out, because programs that
// we start must not send notices in our name or use our sockets.
struct management {
  notifier manager;
  std::optional<std::chrono::microseconds> watchdog;
};

management take_management(bool notifies) {
  auto manager = notifier::from_environment();
  auto watchdog = systemd::take_watchdog_interval();
  if (!notifies)
    return {};
  return {std::move(manager), watchdog};
}

// Null when there is no service manager.
actors::manager_actor link_to(management& managed, io::loop& loop) {
  if (!managed.manager)
    return {};
  actors::manager_link_config config{&managed.manager, {}};
  // Two notices in each interval, as sd_watchdog_enabled(3) asks.
  if (managed.watchdog)
    config.alive_every = *managed.watchdog / 2;
  return actors::spawn_manager_link(loop, config);
}

void reload(const running_service& service, notifier& manager) {
  manager.reloading();
  if (!service.reload())
    manager.reloaded();
}

void wait_for_signals(const sigset_t& signals, const caf::actor& loop,
                      notifier& manager, shared_state& state) {
  bool stopping = false;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0)
      continue;
    const bool ends = signal == SIGINT || signal == SIGTERM;
    if (ends && std::exchange(stopping, true))
      ::_exit(128 + signal);
    std::lock_guard guard{state.mutex};
    if (state.loop_has_ended)
      return;
    const auto& service = state.service;
    if (signal == SIGUSR1) {
      if (service.report)
        service.report();
    } else if (signal == SIGHUP) {
      state.missed_reload |= !state.has_service;
      if (service.reload && !stopping)
        reload(service, manager);
    } else if (ends) {
      manager.stopping();
      if (service.stop)
        service.stop();
      else
        caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
    }
  }
}

} // namespace

int run_program(const program_config& program, const program_factory& start) {
  auto signals = block_signals(program.reloads);
  io::raise_descriptor_limit();
  log_to_stderr(program.level);
  auto managed = take_management(program.notifies);
  if (program.enter_sandbox)
    program.enter_sandbox();
  check_threads(program.cannot_start);
  start_log_writer();
  shared_state state;
  {
    caf::actor_system_config config;
    configure(config);
    caf::actor_system system{config};
    auto handle = io::spawn_loop(system);
    auto& loop = io::as_loop(handle);
    handle->attach_functor(
        [&state, main = ::pthread_self()](const caf::error& why) {
          std::lock_guard guard{state.mutex};
          state.reason = why;
          state.loop_has_ended = true;
          pthread_kill(main, wake_up);
        });
    loop.post([&, main = ::pthread_self()] {
      auto service = start(loop, link_to(managed, loop));
      std::lock_guard guard{state.mutex};
      state.service = std::move(service);
      state.has_service = true;
      // What it has read at its start may be older than the signal.
      if (state.missed_reload)
        pthread_kill(main, SIGHUP);
    });
    wait_for_signals(signals, handle, managed.manager, state);
    std::lock_guard guard{state.mutex};
    state.service = {};
  }
  if (!state.reason || state.reason == caf::exit_reason::user_shutdown) {
    flush_log();
    return exit_ok;
  }
  const auto why = actors::what(state.reason);
  managed.manager.failed(why);
  print_fault(program.name, why);
  if (state.reason == actors::make_error(actors::errc::bind_failed))
    return program.cannot_start;
  if (state.reason == actors::make_error(actors::errc::nothing_started))
    return program.nothing_started;
  return exit_failed;
}

int run_service(const service_factory& start, log_level level,
                std::function<void()> enter_sandbox,
                std::function<bool()> reload) {
  auto start_it = [&](io::loop& loop, const actors::manager_actor& manager) {
    auto service = start(loop, manager);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(service));
    running_service result;
    result.report = [service] {
      caf::anon_send(service, actors::report_atom::value);
    };
    result.reload = reload;
    return result;
  };
  program_config config;
  config.name = service_name;
  config.reloads = static_cast<bool>(reload);
  config.level = level;
  config.enter_sandbox = std::move(enter_sandbox);
  return run_program(config, start_it);
}

} // namespace clearance::services
