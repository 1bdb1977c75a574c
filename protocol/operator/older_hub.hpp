/// Prompts made from the events of Clearance1, for a hub that has no operator
/// interface. Source: clients.md, first paragraph.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/operator/operator_answer.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace clearance::protocol {

/// Events in, what `Watch` of a newer hub would send out. It knows neither who
/// decided nor what was decided before the client came, and no policy.
class older_hub {
public:
  /// What a `Verdict` on the newest block of a prompt names.
  struct open_block {
    std::string container;
    std::string request_id;
    std::string dest;
  };

  /// `now` in microseconds since the epoch.
  watch_reply take(const event& x, std::int64_t now);

  /// Nothing: there is no such prompt, or it does not wait.
  std::optional<open_block> block_of(const std::string& id) const;

  std::size_t size() const noexcept { return prompts_.size(); }

private:
  using asked = std::pair<std::string, std::string>; // container, target

  struct folded {
    listed_prompt prompt;
    std::string request_id; // of the newest block
  };
  using folded_list = std::list<folded>; // the oldest first

  void take_block(watch_reply& out, const event& x, std::int64_t now);
  void take_verdict(watch_reply& out, const event& x, std::int64_t now);
  void remove_container(watch_reply& out, std::string_view container);
  folded_list::iterator remove(watch_reply& out, folded_list::iterator i);

  folded_list prompts_;
  std::map<asked, folded_list::iterator> by_question_;
  std::unordered_map<std::string, folded_list::iterator> by_id_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_decision_ = 0;
};

} // namespace clearance::protocol
