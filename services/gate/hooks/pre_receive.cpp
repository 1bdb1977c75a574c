// The backup exists before a ref moves. When this hook cannot save what a push
// takes away, it refuses the whole push. A push that fails later, for another
// reason, leaves a backup that nobody needs, which does no harm.
//
//   the refs' real values  --> is what the push says true?
//                          --> which old tips does it endanger?
//   one transaction        --> all backups, or none
//   the marker             --> asked
//
// This hook proves that the push's old id is what the ref has. The ref can
// still move after this hook; but git compares the old id with the ref again,
// under the ref's lock, and then rejects the change. Git does not compare when
// the old id is zeros or names no object of the repository: this hook refuses
// both for a ref that exists.

#include "protocol/gate/backup.hpp"
#include "protocol/gate/cgi.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/gate/push_check.hpp"
#include "protocol/gate/push_marker.hpp"
#include "protocol/gate/token_mark.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/backup_age.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/hook_git.hpp"
#include "services/gate/hooks/hook_output.hpp"
#include "services/gate/hooks/hooks.hpp"
#include "services/gate/hooks/marker_file.hpp"
#include "services/gate/hooks/repository_refs.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

namespace gate_limits = protocol::gate_limits;
using protocol::backup;
using protocol::ref_update;

// Why the push is refused; printable.
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void add_existing_refs(protocol::push_check& check) {
  hook_git_call list;
  list.argv = {"for-each-ref",
               "--format=" + std::string(protocol::ref_value_format)};
  list.on_line = [&](std::string_view line) {
    if (const auto x = protocol::parse_ref_value(line))
      check.add_existing(*x);
  };
  if (const auto listed = run_hook_git(list); !listed.ok())
    throw refused("cannot read the refs of this repository: " + listed.why);
}

// False also when git cannot tell: then the old tip is saved.
bool moved_forward(const ref_update& x) {
  hook_git_call ask;
  ask.argv = {"merge-base", "--is-ancestor", x.old_id, x.new_id};
  ask.objects = object_view::pushed;
  return run_hook_git(ask).ok();
}

void drop_forward_moves(std::vector<ref_update>& endangered) {
  const auto branches = std::count_if(endangered.begin(), endangered.end(),
                                      protocol::may_move_forward);
  if (branches > gate_limits::forward_questions_max)
    return;
  std::erase_if(endangered, [](const auto& x) {
    return protocol::may_move_forward(x) && moved_forward(x);
  });
}

// No push can change a ref whose object is missing. So the log tells the
// operator what to do.
std::string missing_object(const std::vector<ref_update>& endangered) {
  for (const auto& x : endangered) {
    hook_git_call look;
    look.argv = {"cat-file", "-e", x.old_id};
    if (!run_hook_git(look).ok())
      return protocol::escaped(x.ref) + " names the object " + x.old_id
             + ", which is missing in the gate's repository; its operator can "
               "restore the object, or remove the ref with `git update-ref -d "
             + protocol::escaped(x.ref) + "`";
  }
  return {};
}

std::vector<std::string> save(const std::vector<ref_update>& endangered,
                              std::chrono::sys_seconds now,
                              std::string_view mark) {
  std::vector<backup> backups;
  std::vector<std::string> notes;
  for (const auto& x : endangered) {
    backups.push_back(
        {protocol::backup_name(x.ref, x.old_id, now, mark), x.old_id});
    notes.push_back(protocol::saved_note(backups.back().name));
  }
  if (backups.empty())
    return notes;
  const auto failed = change_refs(protocol::backup_transaction(backups));
  if (failed.empty())
    return notes;
  if (auto why = missing_object(endangered); !why.empty())
    throw refused(why);
  throw refused("cannot save what this push takes away: " + failed);
}

std::vector<ref_update> read_updates() {
  std::vector<ref_update> result;
  std::string line;
  while (std::getline(std::cin, line)) {
    auto update = protocol::parse_ref_update(line);
    if (!update)
      throw refused("git gave the hook a malformed line: "
                    + protocol::escaped(line, 256));
    result.push_back(std::move(*update));
  }
  return result;
}

// What cannot be removed stays, and the next push tries again: a backup too
// many is no reason to refuse this one.
void remove_expired(const std::vector<backup>& expired) {
  if (expired.empty())
    return;
  const auto why = change_refs(protocol::removal_transaction(expired));
  if (!why.empty())
    report_finding("gate: cannot remove expired backups: " + why);
}

// Empty: there is one token. The gate alone sets this environment.
std::string mark_of_pusher() {
  const char* value = std::getenv( // NOLINT(concurrency-mt-unsafe)
      std::string(protocol::token_mark_variable).c_str());
  const std::string_view text = value != nullptr ? value : "";
  return std::string(protocol::is_token_mark(text) ? text : "");
}

void check_and_save() {
  const auto now = time_of_day();
  const auto mark = mark_of_pusher();
  protocol::push_check check(read_updates(), now - backup_max_age(), mark);
  add_existing_refs(check);
  if (auto why = check.refusal(); !why.empty())
    throw refused(why);
  auto endangered = check.endangered();
  drop_forward_moves(endangered);
  if (!endangered.empty()) {
    // Other pushes may save something at the same time: so many backups more
    // than the bound are possible.
    if (auto why = check.no_room(endangered.size()); !why.empty())
      throw refused(why);
    remove_expired(check.expired());
  }
  const auto notes = save(endangered, now, mark);
  const auto marker = protocol::push_marker(now, protocol::push_state::asked,
                                            check.updates(), notes);
  if (auto why = replace_push_marker(marker); !why.empty())
    throw refused(why);
  for (const auto& x : notes)
    tell_client(x);
}

} // namespace

int run_pre_receive() {
  try {
    check_and_save();
    return exit_ok;
  } catch (const refused& e) {
    report_finding(std::string("gate: push refused: ") + e.what());
  } catch (const std::exception& e) { // memory, at most
    report_finding(std::string("gate: push refused: ")
                   + protocol::escaped(e.what()));
  }
  return exit_failed;
}

} // namespace clearance::services
