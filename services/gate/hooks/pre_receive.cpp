// The backup exists before a ref moves. What this hook cannot save, the push
// may not take away: each failure here refuses the whole push. A push that
// fails later, for another reason, leaves a backup too many, which harms
// nobody.
//
//   the refs' real values  --> is what the push says true?
//                          --> which old tips does it endanger?
//   one transaction        --> all backups, or none
//   the marker             --> asked
//
// Between this hook and the update git compares the old id, which is proved
// true here, with the ref's value again, under the ref's lock. A ref that moves
// in between is therefore rejected. Git would leave that comparison out for an
// old id of zeros, or for one that names no object here: this hook refuses both
// for a ref that exists.

#include "protocol/gate/backup.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/gate/push_check.hpp"
#include "protocol/gate/push_marker.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/backup_age.hpp"
#include "services/gate/hooks/hook_clock.hpp"
#include "services/gate/hooks/hook_git.hpp"
#include "services/gate/hooks/hook_output.hpp"
#include "services/gate/hooks/hooks.hpp"
#include "services/gate/hooks/marker_file.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
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

// Git alone can tell. What it cannot tell is saved.
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

// A ref of the damaged kind keeps every push away from it, so the operator has
// to know the cure.
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

// Counted before: more than the bound by what other pushes save meanwhile.
void check_room(std::size_t there, std::size_t more) {
  if (there + more > gate_limits::backups_max)
    throw refused("this push needs " + std::to_string(more)
                  + " backups more, there are " + std::to_string(there)
                  + " and the bound is "
                  + std::to_string(gate_limits::backups_max)
                  + "; the operator can remove old ones with `terok-gate "
                    "backups expire`");
}

std::vector<std::string> save(const std::vector<ref_update>& endangered,
                              std::chrono::sys_seconds now) {
  std::vector<backup> backups;
  std::vector<std::string> notes;
  for (const auto& x : endangered) {
    backups.push_back({protocol::backup_name(x.ref, x.old_id, now), x.old_id});
    notes.push_back(protocol::saved_note(backups.back().name));
  }
  if (backups.empty())
    return notes;
  const auto text = protocol::backup_transaction(backups);
  hook_git_call transaction;
  transaction.argv = {"update-ref", "--stdin", "-z"};
  transaction.input = text;
  const auto made = run_hook_git(transaction);
  if (made.ok())
    return notes;
  if (auto why = missing_object(endangered); !why.empty())
    throw refused(why);
  throw refused("cannot save what this push takes away: " + made.why);
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

// Removes what has expired; returns how many that were. What stays is tried
// again by the next push.
std::size_t expire(const std::vector<backup>& expired) {
  if (expired.empty())
    return 0;
  const auto text = protocol::removal_transaction(expired);
  hook_git_call removal;
  removal.argv = {"update-ref", "--stdin", "-z"};
  removal.input = text;
  const auto removed = run_hook_git(removal);
  if (removed.ok())
    return expired.size();
  report_finding("gate: cannot remove expired backups: " + removed.why);
  return 0;
}

void check_and_save() {
  const auto now = time_of_day();
  protocol::push_check check(read_updates(), now - backup_max_age());
  add_existing_refs(check);
  if (auto why = check.refusal(); !why.empty())
    throw refused(why);
  auto endangered = check.endangered();
  drop_forward_moves(endangered);
  if (!endangered.empty())
    check_room(check.backups() - expire(check.expired()), endangered.size());
  const auto notes = save(endangered, now);
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
