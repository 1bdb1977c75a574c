#include "protocol/gate/backup.hpp"

#include "protocol/gate/ref_update.hpp"
#include "protocol/gate/token_mark.hpp"
#include "protocol/text/utc.hpp"

#include <algorithm>
#include <set>

namespace clearance::protocol {

namespace {

constexpr std::string_view heads = "refs/heads/";
constexpr std::string_view refs = "refs/";
constexpr std::size_t short_id_digits = 12;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_short_id(std::string_view text) noexcept {
  return text.size() == short_id_digits
         && std::all_of(text.begin(), text.end(), [](char c) {
              return is_digit(c) || (c >= 'a' && c <= 'f');
            });
}

struct stamp {
  std::string_view time;
  std::string_view id;
  std::string_view mark; // maybe empty
};

// `TIME-ID` or `TIME-ID-MARK`; a short id is of a version without marks. The
// time may be none.
std::optional<stamp> parse_stamp(std::string_view text) noexcept {
  if (text.size() <= compact_utc_size || text[compact_utc_size] != '-'
      || !has_compact_utc_form(text.substr(0, compact_utc_size)))
    return std::nullopt;
  stamp result{
      text.substr(0, compact_utc_size), text.substr(compact_utc_size + 1), {}};
  if (is_short_id(result.id))
    return result;
  if (const auto dash = result.id.find('-'); dash != result.id.npos) {
    result.mark = result.id.substr(dash + 1);
    result.id = result.id.substr(0, dash);
    if (!is_token_mark(result.mark))
      return std::nullopt;
  }
  if (!is_object_id(result.id))
    return std::nullopt;
  return result;
}

} // namespace

std::string backup_name(std::string_view ref, std::string_view id,
                        std::chrono::sys_seconds now, std::string_view mark) {
  std::string result;
  if (ref.starts_with(heads))
    result.append(branch_backups).append(ref.substr(heads.size()));
  else
    result.append(other_backups).append(ref.substr(refs.size()));
  result += '/' + compact_utc(now) + '-';
  result.append(id);
  if (!mark.empty())
    result.append(1, '-').append(mark);
  return result;
}

std::optional<backup_origin> parse_backup_name(std::string_view name) {
  backup_origin result;
  if (name.starts_with(branch_backups)) {
    name.remove_prefix(branch_backups.size());
    result.ref = heads;
  } else if (name.starts_with(other_backups)) {
    name.remove_prefix(other_backups.size());
    result.ref = refs;
  } else {
    return std::nullopt;
  }
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos || slash == 0)
    return std::nullopt;
  const auto stamp = parse_stamp(name.substr(slash + 1));
  if (!stamp)
    return std::nullopt;
  const auto time = parse_compact_utc(stamp->time);
  if (!time)
    return std::nullopt;
  result.ref += name.substr(0, slash);
  result.time = *time;
  result.id = stamp->id;
  result.mark = stamp->mark;
  return result;
}

bool has_stamp(std::string_view ref) noexcept {
  for (;;) {
    const auto slash = ref.find('/');
    if (parse_stamp(ref.substr(0, slash)))
      return true;
    if (slash == std::string_view::npos)
      return false;
    ref.remove_prefix(slash + 1);
  }
}

std::string backup_transaction(std::span<const backup> backups) {
  std::string result;
  std::set<std::string_view> written;
  for (const auto& x : backups) {
    if (!written.insert(x.name).second)
      continue;
    // Without an old value: git does not look at what is there.
    result.append("update ").append(x.name).push_back('\0');
    result.append(x.id).append(2, '\0');
  }
  return result;
}

std::string removal_transaction(std::span<const backup> backups) {
  std::string result;
  for (const auto& x : backups) {
    result.append("delete ").append(x.name).push_back('\0');
    result.append(x.id).push_back('\0');
  }
  return result;
}

} // namespace clearance::protocol
