// The operator's way to what the hooks keep. A restore is itself a change that
// takes something away: what the ref has now is saved before.

#include "services/gate/backups.hpp"

#include "protocol/gate/backup.hpp"
#include "protocol/gate/ref_update.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"
#include "services/cli/terminal.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/hook_git.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace clearance::services {

namespace {

using protocol::backup;
using protocol::backup_origin;
using protocol::escaped;

struct kept {
  backup what;
  backup_origin from;
};

[[noreturn]] void fail(const std::string& why) {
  throw std::runtime_error(why);
}

void enter(const std::string& repository) {
  if (::chdir(repository.c_str()) != 0)
    fail(escaped(repository) + ": " + std::generic_category().message(errno));
  // A bare repository is its own git directory, and no other one is looked for.
  ::setenv("GIT_DIR", ".", 1); // NOLINT(concurrency-mt-unsafe)
}

std::vector<backup> refs_below(const std::string& pattern) {
  std::vector<backup> result;
  hook_git_call list;
  list.argv = {"for-each-ref",
               "--format=" + std::string(protocol::ref_value_format), pattern};
  list.on_line = [&](std::string_view line) {
    if (const auto x = protocol::parse_ref_value(line))
      result.push_back({std::string(x->ref), std::string(x->id)});
  };
  if (const auto listed = run_hook_git(list); !listed.ok())
    fail("cannot read the refs: " + listed.why);
  return result;
}

// Oldest first.
std::vector<kept> all_backups() {
  std::vector<kept> result;
  for (auto& x : refs_below("refs/terok/"))
    if (auto from = protocol::parse_backup_name(x.name))
      result.push_back({std::move(x), std::move(*from)});
  std::stable_sort(
      result.begin(), result.end(),
      [](const kept& a, const kept& b) { return a.from.time < b.from.time; });
  return result;
}

void run_transaction(const std::string& text) {
  hook_git_call transaction;
  transaction.argv = {"update-ref", "--stdin", "-z"};
  transaction.input = text;
  if (const auto done = run_hook_git(transaction); !done.ok())
    fail("nothing was changed: " + done.why);
}

std::string list(const gate_backups_call&) {
  std::string result;
  for (const auto& x : all_backups())
    result += protocol::extended_utc(x.from.time) + ' ' + x.what.id + ' '
              + escaped(x.from.ref) + ' ' + escaped(x.what.name) + '\n';
  return result;
}

std::string restore(const gate_backups_call& call) {
  const auto all = all_backups();
  const auto x = std::find_if(all.begin(), all.end(), [&](const kept& k) {
    return k.what.name == call.name;
  });
  if (x == all.end())
    fail(escaped(call.name) + " is no backup; `backups list` shows them");
  const auto& ref = x->from.ref;
  const auto now = refs_below(ref);
  const auto there = std::find_if(now.begin(), now.end(),
                                  [&](const auto& r) { return r.name == ref; });
  std::string text;
  std::string said;
  if (there != now.end() && there->id != x->what.id) {
    const backup saved{protocol::backup_name(ref, there->id, time_of_day()),
                       there->id};
    text += protocol::backup_transaction(std::vector{saved});
    said = "saved " + escaped(saved.name) + '\n';
  }
  const auto old_id =
      there != now.end() ? there->id : std::string(x->what.id.size(), '0');
  text.append("update ").append(ref).push_back('\0');
  text.append(x->what.id).push_back('\0');
  text.append(old_id).push_back('\0');
  run_transaction(text);
  return said + escaped(ref) + " has " + x->what.id + " again\n";
}

std::string expire(const gate_backups_call& call) {
  const auto before = time_of_day() - call.max_age;
  std::vector<backup> old;
  for (auto& x : all_backups())
    if (call.name.empty() ? x.from.time < before
                          : x.from.ref == call.name || x.what.name == call.name)
      old.push_back(std::move(x.what));
  if (!call.name.empty() && old.empty())
    fail("there is no backup of " + escaped(call.name));
  run_transaction(protocol::removal_transaction(old));
  hook_git_call pack;
  pack.argv = {"pack-refs", "--all"};
  if (const auto packed = run_hook_git(pack); !packed.ok())
    fail("cannot pack the refs: " + packed.why);
  std::string said;
  for (const auto& x : old)
    said += "removed " + x.id + ' ' + escaped(x.name) + '\n';
  return said;
}

std::string run(const gate_backups_call& call) {
  switch (call.action) {
  case gate_backups::list:
    return list(call);
  case gate_backups::restore:
    return restore(call);
  case gate_backups::expire:
    return expire(call);
  }
  return {};
}

} // namespace

int run_gate_backups(const gate_backups_call& call) try {
  enter(call.repository);
  if (auto why = print(run(call)); !why.empty())
    fail(why);
  return exit_ok;
} catch (const std::exception& e) {
  std::fprintf(stderr, "terok-gate: backups: %s\n", e.what());
  return exit_failed;
}

} // namespace clearance::services
