#include "services/web/prompt_stream.hpp"

#include "protocol/operator/json_members.hpp"
#include "protocol/web/limits.hpp"
#include "services/web/prompt_json.hpp"

#include <utility>
#include <vector>

namespace clearance::services {

using protocol::json_members;

prompt_stream::prompt_stream(const protocol::prompt_list& list,
                             std::uint64_t after)
    : list_(list), version_(after <= list.version() ? after : 0) {
  // nop
}

bool prompt_stream::write_prompts(std::string& out) {
  const auto begin = out.size();
  out += '[';
  const auto& all = list_.all();
  auto i = all.lower_bound(next_);
  for (; i != all.end(); ++i) {
    if (i->second.changed <= version_)
      continue;
    if (out.size() - begin >= protocol::web_limits::piece_max_bytes)
      break;
    if (out.size() - begin > 1)
      out += ',';
    append_prompt_json(out, i->second);
  }
  out += ']';
  next_ = i == all.end() ? 0 : i->first;
  return i == all.end();
}

// An entry that changes while a change is being written has then a version
// above the target, and is in the next change once more.
void prompt_stream::write(std::int64_t wall, std::string& out) {
  if (!is_behind())
    return;
  std::vector<std::uint64_t> removed;
  const bool knows_removed =
      version_ == 0 || list_.removed_since(version_, removed);
  {
    json_members to{out};
    to.number("now", wall);
    if (!is_in_change_ || !knows_removed) {
      if (!knows_removed)
        version_ = 0;
      is_in_change_ = true;
      target_ = list_.version();
      next_ = 0;
      if (version_ == 0)
        to.truth("reset", true);
    }
    if (write_prompts(to.raw("prompts"))) {
      if (version_ != 0)
        to.list("removed", removed, [](std::string& text, std::uint64_t x) {
          text += std::to_string(x);
        });
      auto hubs = hubs_json(list_.hubs());
      if (hubs != hubs_)
        to.raw("hubs") += hubs;
      hubs_ = std::move(hubs);
      to.count("version", target_);
      version_ = target_;
      is_in_change_ = false;
      is_first_ = false;
    }
  }
  out += '\n';
}

} // namespace clearance::services
