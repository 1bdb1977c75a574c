// The main thread waits for signals and does nothing else; every other thread
// has them blocked. The loop's end reaches it as one more signal.

#include "services/service_process.hpp"

#include "actors/error.hpp"
#include "actors/io/spawn.hpp"
#include "services/exit_code.hpp"
#include "services/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <pthread.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

int loop_ended() {
  return SIGRTMIN;
}

sigset_t block_signals() {
  sigset_t result;
  sigemptyset(&result);
  for (auto signal : {SIGINT, SIGTERM, SIGUSR1, loop_ended()})
    sigaddset(&result, signal);
  pthread_sigmask(SIG_BLOCK, &result, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return result;
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
  actors::service_actor service;
  caf::error reason;
};

void wait_for_signals(const sigset_t& signals, const caf::actor& loop,
                      shared_state& state) {
  bool stopping = false;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0)
      continue;
    if (signal == loop_ended())
      return;
    if (signal == SIGUSR1) {
      std::lock_guard guard{state.mutex};
      if (state.service)
        caf::anon_send(state.service, actors::report_atom::value);
    } else if (std::exchange(stopping, true)) {
      ::_exit(128 + signal);
    } else {
      caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
    }
  }
}

} // namespace

int run_service(const service_factory& start, log_level level) {
  auto signals = block_signals();
  io::raise_descriptor_limit();
  log_to_stderr(level);
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
          pthread_kill(main, loop_ended());
        });
    loop.post([&] {
      auto service = start(loop);
      loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(service));
      std::lock_guard guard{state.mutex};
      state.service = std::move(service);
    });
    wait_for_signals(signals, handle, state);
    std::lock_guard guard{state.mutex};
    state.service = nullptr;
  }
  if (!state.reason || state.reason == caf::exit_reason::user_shutdown)
    return exit_ok;
  std::fprintf(stderr, "terok-clearance: %s\n",
               actors::what(state.reason).c_str());
  return exit_failed;
}

} // namespace clearance::services
