#include "protocol/gate/push_check.hpp"

#include "protocol/gate/limits.hpp"
#include "protocol/text/text.hpp"

#include <utility>

namespace clearance::protocol {

push_check::push_check(std::vector<ref_update> updates,
                       std::chrono::sys_seconds expiry, std::string mark)
    : updates_(std::move(updates)), expiry_(expiry), mark_(std::move(mark)) {
  for (const auto& x : updates_)
    if (!ids_.try_emplace(x.ref).second && !std::exchange(twice_, true))
      named_twice_ = x.ref;
}

void push_check::add_existing(const ref_value& x) {
  if (x.ref.starts_with(branch_backups) || x.ref.starts_with(other_backups))
    add_backup(x);
  if (const auto i = ids_.find(x.ref); i != ids_.end())
    i->second = x.id;
}

// A ref there that is no backup takes room as well.
void push_check::add_backup(const ref_value& x) {
  const auto from = parse_backup_name(x.ref);
  if (from && from->time < expiry_) {
    expired_.push_back({std::string(x.ref), std::string(x.id)});
    return;
  }
  ++backups_.all;
  if (from && !mark_.empty() && from->mark == mark_)
    ++backups_.of_token;
}

std::string push_check::no_room(std::size_t more) const {
  auto say = [more](std::size_t there, std::size_t most, const char* whose) {
    return "this push needs " + std::to_string(more) + " backups more, " + whose
           + " has " + std::to_string(there) + " and the bound is "
           + std::to_string(most)
           + "; the operator can remove backups with `terok-gate backups "
             "expire`";
  };
  if (backups_.of_token + more > gate_limits::backups_of_token_max
      && !mark_.empty())
    return say(backups_.of_token, gate_limits::backups_of_token_max,
               "this token");
  if (backups_.all + more > gate_limits::backups_max)
    return say(backups_.all, gate_limits::backups_max, "the repository");
  return {};
}

std::string push_check::refusal() const {
  if (twice_)
    return escaped(named_twice_) + " is named twice in one push";
  for (const auto& x : updates_)
    if (auto why = refusal_of(x); !why.empty())
      return why;
  return {};
}

std::string push_check::refusal_of(const ref_update& x) const {
  const auto shown = escaped(x.ref);
  // The ref `refs/terok` itself would keep every backup from being made.
  if (x.ref.starts_with(terok_refs) || x.ref + '/' == terok_refs)
    return "refs/terok/ belongs to the gate: " + shown + " cannot be pushed";
  if (is_null_id(x.old_id) && is_null_id(x.new_id))
    return shown + ": the push deletes the ref but does not say what it has";
  const auto& id = ids_.find(x.ref)->second;
  if (id.empty() && !is_null_id(x.old_id))
    return shown + " is not there or cannot be read, but the push says it has "
           + x.old_id + "; fetch and try again";
  if (!id.empty() && id != x.old_id)
    return shown + " has " + id + ", but the push says it has " + x.old_id
           + "; fetch and try again";
  if (id.empty() && has_stamp(x.ref))
    return shown
           + ": a part of this name has the form of a backup's time and "
             "id; choose another name";
  return {};
}

std::vector<ref_update> push_check::endangered() const {
  std::vector<ref_update> result;
  for (const auto& x : updates_)
    if (!is_null_id(x.old_id) && x.old_id != x.new_id)
      result.push_back(x);
  return result;
}

bool may_move_forward(const ref_update& x) noexcept {
  return std::string_view(x.ref).starts_with("refs/heads/")
         && !is_null_id(x.old_id) && !is_null_id(x.new_id);
}

} // namespace clearance::protocol
