// Input: a type of event, and three texts with an end of line behind each of
// the first two: the container's id, its name, and the container that a line
// names. Held against the sentences of supervisor.md, section 2.

#include "protocol/hub/own_container.hpp"

#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace own_container_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

// 12 to 64 hex digits, in lower or upper case.
bool looks_like_id(std::string_view x) {
  return x.size() >= 12 && x.size() <= 64
         && std::all_of(x.begin(), x.end(), [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
                     || (c >= 'A' && c <= 'F');
            });
}

bool begins_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool should_claim(const std::string& id, const std::string& name,
                  const std::string& named, bool is_block) {
  const bool names_it = named == id || (name != "" && named == name);
  const bool is_form_of_id =
      looks_like_id(id) && looks_like_id(named)
      && (begins_with(id, named) || begins_with(named, id));
  if (names_it || is_form_of_id)
    return true;
  if (is_block || looks_like_id(named))
    return false;
  return looks_like_id(id) || name != "";
}

void run(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return;
  constexpr event_type types[] = {
      event_type::connection_blocked, event_type::container_started,
      event_type::container_exited,   event_type::shield_up,
      event_type::shield_down,        event_type::shield_disengaged};
  const auto type = types[data[0] % std::size(types)];
  std::string rest{clearance::test::as_text(data + 1, size - 1)};
  std::string part[3];
  for (auto i : {0, 1}) {
    const auto end = rest.find('\n');
    if (end == rest.npos)
      return;
    part[i] = rest.substr(0, end);
    rest.erase(0, end + 1);
  }
  part[2] = rest;
  const auto& [id, name, named] = part;
  const own_container own{id, name};
  require(own.label() == (looks_like_id(id) ? id.substr(0, 12) : id),
          "events carry the short id or the name");
  event x;
  x.type = type;
  x.container = named;
  const bool claimed = own.claim(x);
  require(claimed
              == should_claim(id, name, named,
                              type == event_type::connection_blocked),
          "a line is ours as the contract says");
  require(x.container == (claimed ? own.label() : named),
          "a line of ours carries the label, another stays as it is");
  if (!claimed)
    return;
  require(own.claim(x), "what was ours is ours again");
}

const clearance::test::fuzzer registered{"own_container", run};

} // namespace

} // namespace own_container_fuzzer
