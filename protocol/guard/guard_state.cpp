#include "protocol/guard/guard_state.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/operator/name.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace clearance::protocol {

namespace {

constexpr std::string_view first_line = "terok-guard 1";
constexpr std::size_t guard_name_max_chars = 64;
constexpr std::size_t short_id_chars = 12;

void put(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  out += ' ';
  out += value;
  out += '\n';
}

// Takes lines off a text; each has to be the one that is asked for.
class state_lines {
public:
  explicit state_lines(std::string_view text) noexcept : rest_(text) {
    // nop
  }

  bool at_end() const noexcept { return rest_.empty(); }

  // The next line. Nothing: it has no end, or is not there.
  std::optional<std::string_view> take() noexcept {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos)
      return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  // The value of the next line, which has this key.
  std::optional<std::string_view> value(std::string_view key) noexcept {
    const auto line = take();
    if (!line || !line->starts_with(key) || line->size() <= key.size()
        || (*line)[key.size()] != ' ')
      return std::nullopt;
    return line->substr(key.size() + 1);
  }

  bool number(std::string_view key, std::uint64_t& to) noexcept {
    const auto text = value(key);
    if (!text || text->empty() || (text->size() > 1 && (*text)[0] == '0'))
      return false;
    const auto* end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, to);
    return error == std::errc{} && at == end;
  }

private:
  std::string_view rest_;
};

bool take_names(state_lines& in, guard_state& to) {
  const auto container = in.value("container");
  const auto name = in.value("name");
  if (!container || !name || !is_guard_name(*container)
      || (!name->empty() && !is_guard_name(*name)))
    return false;
  to.container = *container;
  to.name = *name;
  return true;
}

bool take_process(state_lines& in, guard_state& to) {
  return in.number("pid", to.pid) && in.number("start-time", to.start_time)
         && in.number("user-namespace", to.user_namespace)
         && in.number("net-namespace", to.net_namespace)
         && in.number("guard", to.guard)
         && in.number("guard-start-time", to.guard_start_time);
}

bool take_mode(state_lines& in, guard_state& to) {
  const auto mode = in.value("shield");
  if (mode != "up" && mode != "down")
    return false;
  to.mode = mode == "up" ? shield_mode::up : shield_mode::down;
  return true;
}

bool take_forwarder(state_lines& in, guard_state& to) {
  const auto forwarder = in.value("forwarder");
  if (forwarder != "yes" && forwarder != "no")
    return false;
  to.forwarder = forwarder == "yes";
  return true;
}

// One allowed name, as parse_name_pattern() would write it.
bool take_name_line(std::string_view line, guard_state& to) {
  constexpr std::string_view key = "allow-name ";
  if (!line.starts_with(key))
    return false;
  const std::string text{line.substr(key.size())};
  const auto pattern = parse_name_pattern(text);
  if (!pattern || to_string(*pattern) != text
      || (!to.names.empty() && !(*to.names.rbegin() < text)))
    return false;
  to.names.insert(text);
  return to.names.size() <= guard_limits::state_max_names;
}

// One allowed or denied target; a line that is not how we write it is refused,
// so that a text has one meaning and a meaning has one text.
bool take_target(std::string_view line, guard_state& to) {
  const auto space = line.find(' ');
  const auto key = line.substr(0, space);
  if (!to.names.empty())
    return false; // targets stand before names
  if (space == std::string_view::npos || (key != "allow" && key != "deny"))
    return false;
  const auto text = line.substr(space + 1);
  const auto target = parse_ip_range(text);
  if (!target || to_string(*target) != text)
    return false;
  const bool allow = key == "allow";
  if (allow && !to.denied.empty())
    return false; // allowed ones stand first
  auto& set = allow ? to.allowed : to.denied;
  if (!set.empty() && !(*set.rbegin() < *target))
    return false;
  set.insert(*target);
  return to.allowed.size() + to.denied.size()
         <= guard_limits::state_max_targets;
}

} // namespace

bool is_guard_name(std::string_view text) noexcept {
  auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= guard_name_max_chars
         && is_plain(text[0])
         && std::all_of(text.begin(), text.end(), [&](char c) {
              return is_plain(c) || c == '.' || c == '_' || c == '-';
            });
}

bool is_called(const guard_state& x, std::string_view word) noexcept {
  return word == x.container || (!word.empty() && word == x.name)
         || (word.size() == short_id_chars && x.container.starts_with(word));
}

std::string state_text(const guard_state& x) {
  std::string out{first_line};
  out += '\n';
  put(out, "container", x.container);
  put(out, "name", x.name);
  put(out, "pid", std::to_string(x.pid));
  put(out, "start-time", std::to_string(x.start_time));
  put(out, "user-namespace", std::to_string(x.user_namespace));
  put(out, "net-namespace", std::to_string(x.net_namespace));
  put(out, "guard", std::to_string(x.guard));
  put(out, "guard-start-time", std::to_string(x.guard_start_time));
  put(out, "shield", x.mode == shield_mode::up ? "up" : "down");
  put(out, "forwarder", x.forwarder ? "yes" : "no");
  for (const auto& target : x.allowed)
    put(out, "allow", to_string(target));
  for (const auto& target : x.denied)
    put(out, "deny", to_string(target));
  for (const auto& name : x.names)
    put(out, "allow-name", name);
  return out;
}

std::variant<guard_state, std::string> parse_state(std::string_view text) {
  if (text.size() > guard_limits::state_max_bytes)
    return "is larger than a state file";
  state_lines in(text);
  guard_state result;
  if (in.take() != first_line)
    return "does not begin with `terok-guard 1`";
  if (!take_names(in, result))
    return "has no usable container and name";
  if (!take_process(in, result))
    return "has no usable process and namespaces";
  if (!take_mode(in, result))
    return "does not say whether the shield is up";
  if (!take_forwarder(in, result))
    return "does not say whether there is a forwarder";
  while (!in.at_end()) {
    const auto line = in.take();
    if (!line || !(take_target(*line, result) || take_name_line(*line, result)))
      return "has a line that is no target";
  }
  return result;
}

bool is_allowed_name(const guard_state& x, std::string_view name) {
  return std::any_of(x.names.begin(), x.names.end(),
                     [name](const std::string& text) {
                       const auto pattern = parse_name_pattern(text);
                       return pattern && pattern->matches(name);
                     });
}

target_change set_target(guard_state& state, const ip_range& x, bool allow,
                         bool timed) {
  auto& to = allow ? state.allowed : state.denied;
  auto& from = allow ? state.denied : state.allowed;
  const auto gone = from.contains(x) ? 1U : 0U;
  if (!timed && !to.contains(x)
      && to.size() + from.size() - gone >= guard_limits::state_max_targets)
    return target_change::too_many;
  from.erase(x);
  to.erase(x);
  if (!timed)
    to.insert(x);
  return target_change::done;
}

} // namespace clearance::protocol
