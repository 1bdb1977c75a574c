// An idle gate runs `terok-gate tend`:
//
//   gate --> tend --fork--> worker, in a session of its own --> git
//
// The worker must not be killed: git that is killed while it packs refs leaves
// a lock, and then no ref can be removed any more. When the gate ends, it kills
// the group of what it started; the worker is in another group and goes on. It
// ends by itself soon.
//
// Each line on stderr is one entry of the gate's log: `done: ...` tells what
// was done, any other line is a warning.

#include "services/gate/hooks/tend.hpp"

#include "protocol/gate/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/repository_refs.hpp"
#include "services/process/exit_code.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace clearance::services {

namespace {

namespace fs = std::filesystem;
namespace gate_limits = protocol::gate_limits;

void say_line(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
}

// Git reads nothing that the gate's own environment says, as git behind the
// gate does not.
void settle_environment() {
  for (const auto& [name, value] :
       {std::pair{"GIT_CONFIG_NOSYSTEM", "1"},
        std::pair{"GIT_CONFIG_GLOBAL", "/dev/null"}})
    ::setenv(name, value, 1); // NOLINT(concurrency-mt-unsafe)
}

std::vector<std::string> repositories_of(const gate_tend_call& call) {
  std::vector<std::string> result;
  std::error_code error;
  // Absolute: the working directory changes from repository to repository.
  const auto root = fs::absolute(call.mirror_root, error);
  for (const auto& scope : call.scopes)
    if (scope != "*")
      result.push_back((root / (scope + ".git")).string());
    else
      for (fs::directory_iterator i(root, error), end; !error && i != end;
           i.increment(error))
        if (i->path().extension() == ".git")
          result.push_back(i->path().string());
  return result;
}

class tending {
public:
  tending(const std::string& repository, std::chrono::seconds max_age)
      : shown_(protocol::escaped(repository)), max_age_(max_age) {
    // nop
  }

  void run() {
    const auto listed = list_refs("refs/terok");
    if (!listed.why.empty())
      return warn(listed.why);
    std::vector<protocol::backup> expired;
    const auto before = time_of_day() - max_age_;
    for (const auto& x : listed.refs) {
      warn_of_blocker(x.name);
      if (const auto from = protocol::parse_backup_name(x.name);
          from && from->time < before)
        expired.push_back(x);
    }
    remove(expired);
    pack();
  }

private:
  void warn(const std::string& what) const { say_line(shown_ + ": " + what); }

  void tell(const std::string& what) const {
    say_line("done: " + shown_ + ": " + what);
  }

  // Refs are files and directories: where one of these is, no backup can be.
  void warn_of_blocker(const std::string& ref) const {
    for (auto place : {protocol::terok_refs, protocol::branch_backups,
                       protocol::other_backups}) {
      place.remove_suffix(1); // the slash
      if (ref == place)
        warn(std::string{"the ref "}
                 .append(ref)
                 .append(
                     " is where backups have to be: every push that needs one "
                     "is refused; remove the ref with `git update-ref -d ")
                 .append(ref)
                 .append("` in the repository"));
    }
  }

  void remove(const std::vector<protocol::backup>& expired) const {
    if (expired.empty())
      return;
    if (const auto why = change_refs(protocol::removal_transaction(expired));
        !why.empty())
      return warn("cannot remove expired backups: " + why);
    const auto days = std::chrono::floor<std::chrono::days>(max_age_).count();
    tell("removed " + std::to_string(expired.size())
         + " backups that were older than " + std::to_string(days) + " days");
  }

  void pack() const {
    constexpr auto most = gate_limits::loose_backups_max;
    if (count_loose_backups(most) <= most)
      return;
    if (const auto why = pack_refs(); !why.empty())
      return warn(why);
    tell("packed the refs: more than " + std::to_string(most)
         + " backups were files of their own");
  }

  std::string shown_;
  std::chrono::seconds max_age_;
};

int tend_all(const gate_tend_call& call) noexcept {
  try {
    settle_environment();
    for (const auto& repository : repositories_of(call))
      // A repository may come later.
      if (enter_repository(repository).empty())
        tending{repository, call.max_age}.run();
    return exit_ok;
  } catch (const std::exception& e) { // memory, at most
    say_line("gate: cannot tend the repositories: "
             + protocol::escaped(e.what()));
    return exit_failed;
  }
}

} // namespace

int run_gate_tend(const gate_tend_call& call) {
  std::signal(SIGPIPE, SIG_IGN); // nobody may be there to read
  const auto worker = ::fork();
  if (worker < 0) {
    say_line("gate: cannot tend the repositories: "
             + protocol::error_text(errno));
    return exit_failed;
  }
  if (worker == 0) {
    ::setsid();
    ::_exit(tend_all(call));
  }
  int status = 0;
  while (::waitpid(worker, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : exit_failed;
}

} // namespace clearance::services
