// How the operator looks at backups and uses them. A restore takes away what
// the ref has now, so that is saved before, as of a push.

#include "services/gate/backups.hpp"

#include "protocol/gate/backup.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"
#include "services/cli/terminal.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/repository_refs.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/stderr_lines.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
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

[[noreturn]] void fail_backups(const std::string& why) {
  throw std::runtime_error(why);
}

// This process is in `repository`, as it was named on the command line.
std::vector<backup> refs_below(const std::string& repository,
                               const std::string& pattern) {
  auto listed = list_refs(pattern);
  if (!listed.why.empty())
    fail_backups(escaped(repository) + ": " + listed.why);
  return std::move(listed.refs);
}

// Oldest first.
std::vector<kept> all_backups(const std::string& repository) {
  std::vector<kept> result;
  for (auto& x : refs_below(repository, "refs/terok/"))
    if (auto from = protocol::parse_backup_name(x.name))
      result.push_back({std::move(x), std::move(*from)});
  std::stable_sort(
      result.begin(), result.end(),
      [](const kept& a, const kept& b) { return a.from.time < b.from.time; });
  return result;
}

void change_backups(const std::string& transaction) {
  if (const auto why = change_refs(transaction); !why.empty())
    fail_backups("nothing was changed: " + why);
}

std::string list(const gate_backups_call& call) {
  std::string result;
  for (const auto& x : all_backups(call.repository))
    result += protocol::extended_utc(x.from.time) + ' ' + x.what.id + ' '
              + escaped(x.from.ref) + ' ' + escaped(x.what.name) + '\n';
  return result;
}

std::string restore(const gate_backups_call& call) {
  const auto all = all_backups(call.repository);
  const auto x = std::find_if(all.begin(), all.end(), [&](const kept& k) {
    return k.what.name == call.name;
  });
  if (x == all.end())
    fail_backups(escaped(call.name)
                 + " is no backup; `backups list` shows them");
  const auto& ref = x->from.ref;
  const auto now = refs_below(call.repository, ref);
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
  change_backups(text);
  return said + escaped(ref) + " has " + x->what.id + " again\n";
}

std::string expire(const gate_backups_call& call) {
  const auto before = time_of_day() - call.max_age;
  std::vector<backup> old;
  for (auto& x : all_backups(call.repository))
    if (call.name.empty() ? x.from.time < before
                          : x.from.ref == call.name || x.what.name == call.name)
      old.push_back(std::move(x.what));
  if (!call.name.empty() && old.empty())
    fail_backups("there is no backup of " + escaped(call.name));
  change_backups(protocol::removal_transaction(old));
  if (const auto why = pack_refs(); !why.empty())
    fail_backups(why);
  std::string said;
  for (const auto& x : old)
    said += "removed " + x.id + ' ' + escaped(x.name) + '\n';
  return said;
}

std::string run_backups(const gate_backups_call& call) {
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
  if (const auto why = enter_repository(call.repository); !why.empty())
    fail_backups(escaped(call.repository) + ": " + why);
  if (auto why = print(run_backups(call)); !why.empty())
    fail_backups(why);
  return exit_ok;
} catch (const std::exception& e) {
  say_on_stderr("terok-gate: backups", e.what());
  return exit_failed;
}

} // namespace clearance::services
