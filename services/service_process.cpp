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
#include <fcntl.h>
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

// A program may be started with some of them closed. Then a descriptor of ours
// must not take their place: the log would go into a socket.
void occupy_standard_descriptors() {
  int fd = -1;
  do
    fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO)
    ::close(fd);
}

sigset_t block_signals(bool reloads) {
  sigset_t result;
  sigemptyset(&result);
  for (auto signal : {SIGINT, SIGTERM, SIGUSR1, loop_ended()})
    sigaddset(&result, signal);
  if (reloads)
    sigaddset(&result, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &result, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL); // who ignores it never hears how a child ended
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
  running_service service;
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
    const bool again =
        signal != SIGUSR1 && signal != SIGHUP && std::exchange(stopping, true);
    if (again)
      ::_exit(128 + signal);
    std::lock_guard guard{state.mutex};
    const auto& action = signal == SIGUSR1  ? state.service.report
                         : signal == SIGHUP ? state.service.reload
                                            : state.service.stop;
    if (action)
      action();
    else if (stopping)
      caf::anon_send_exit(loop, caf::exit_reason::user_shutdown);
  }
}

} // namespace

int run_program(const program_config& program, const program_factory& start) {
  occupy_standard_descriptors();
  auto signals = block_signals(program.reloads);
  io::raise_descriptor_limit();
  log_to_stderr(program.level);
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
      std::lock_guard guard{state.mutex};
      state.service = std::move(service);
    });
    wait_for_signals(signals, handle, state);
    std::lock_guard guard{state.mutex};
    state.service = {};
  }
  if (!state.reason || state.reason == caf::exit_reason::user_shutdown)
    return exit_ok;
  std::fprintf(stderr, "%s: %s\n", program.name.c_str(),
               actors::what(state.reason).c_str());
  return state.reason == actors::make_error(actors::errc::bind_failed)
             ? program.cannot_start
             : exit_failed;
}

int run_service(const service_factory& start, log_level level) {
  auto start_it = [&start](io::loop& loop) {
    auto service = start(loop);
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(service));
    running_service result;
    result.report = [service] {
      caf::anon_send(service, actors::report_atom::value);
    };
    return result;
  };
  return run_program({"terok-clearance", level}, start_it);
}

} // namespace clearance::services
