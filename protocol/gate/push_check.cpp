#include "protocol/gate/push_check.hpp"

#include "protocol/text/text.hpp"

#include <utility>

namespace clearance::protocol {

push_check::push_check(std::vector<ref_update> updates,
                       std::chrono::sys_seconds expiry)
    : updates_(std::move(updates)), expiry_(expiry) {
  for (const auto& x : updates_)
    if (!ids_.try_emplace(x.ref).second && !std::exchange(twice_, true))
      named_twice_ = x.ref;
}

void push_check::add_existing(const ref_value& x) {
  if (x.ref.starts_with(branch_backups) || x.ref.starts_with(other_backups)) {
    ++backups_;
    if (const auto from = parse_backup_name(x.ref);
        from && from->time < expiry_)
      expired_.push_back({std::string(x.ref), std::string(x.id)});
  }
  if (const auto i = ids_.find(x.ref); i != ids_.end())
    i->second = x.id;
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
