// What a notification says.

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/prompt_words.hpp"
#include "services/notify/notification_plan.hpp"

#include <algorithm>

namespace clearance::services {

namespace {

namespace text_limits = protocol::client_limits;

std::string counted(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

/// Nothing in the result looks like markup: for the summary, and for servers
/// that do not say what they do with markup. dunst does not name `body-markup`
/// and yet follows it.
std::string never_markup(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '<')
      result += "\\x3c";
    else if (c == '>')
      result += "\\x3e";
    else if (c == '&')
      result += "\\x26";
    else
      result += c;
  }
  return result;
}

std::string label_of(const protocol::listed_prompt& x) {
  const auto task = x.in_dossier("task");
  return task.empty() ? container_words(x) : protocol::escaped(task, 80);
}

std::string line_of(const protocol::listed_prompt& x) {
  auto result = protocol::escaped(x.target, 100);
  if (!x.ports.empty())
    result += " port " + ports_words(x);
  result += ", " + counted(static_cast<std::size_t>(x.count), "block");
  if (!x.flags.empty())
    result += ". FLAGS: " + flags_words(x);
  return result;
}

/// `allow NUMBER REVISION`: what the button was about when it was shown.
std::string button_key(protocol::action action, std::uint64_t number,
                       std::int64_t revision) {
  return std::string{to_string(action)} + " " + std::to_string(number) + " "
         + std::to_string(revision);
}

} // namespace

std::string without_markup(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

void notification_plan::gather(const protocol::prompt_list& list) {
  groups_.clear();
  for (const auto& [number, x] : list.all()) {
    last_number_ = std::max(last_number_, number);
    if (!x.prompt.is_open() || x.prompt.quiet)
      continue;
    auto& to = groups_[{x.key.hub, x.prompt.container}];
    if (to.prompts.empty()) {
      to.label = label_of(x.prompt);
      to.opens = protocol::escaped(x.prompt.opens, 500);
    }
    to.prompts.push_back({number, x.prompt.revision});
    if (to.lines.size() < text_limits::notified_targets_max)
      to.lines.push_back(line_of(x.prompt));
    to.is_flagged = to.is_flagged || !x.prompt.flags.empty();
  }
  for (auto& [key, x] : groups_)
    x.can_decide = x.prompts.size() == 1 && !x.is_flagged;
}

std::string notification_plan::body_text(const std::string& plain) const {
  return server_ && server_->body_markup ? without_markup(plain)
                                         : never_markup(plain);
}

void notification_plan::add_open(notification_show& to) const {
  if (server_ && server_->actions)
    to.actions.emplace_back("default", "Open");
}

notification_show notification_plan::text_of(const slot& x,
                                             const group_key* key) const {
  notification_show result;
  if (key == nullptr) {
    result = summary_text();
  } else if (!x.farewell.empty()) {
    result.summary = "Decided";
    result.body = body_text(x.farewell);
    result.is_brief = true;
  } else if (const auto of = groups_.find(*key); of != groups_.end()) {
    result = group_text(x, of->second);
  }
  result.tag = x.tag;
  result.replaces = x.id;
  return result;
}

notification_show notification_plan::group_text(const slot& x,
                                                const group& of) const {
  notification_show result;
  result.summary = never_markup(of.label) + ": "
                   + std::to_string(of.prompts.size()) + " blocked";
  result.is_critical = of.is_flagged;
  auto body = x.note.empty() ? std::string{} : x.note + "\n";
  for (const auto& line : of.lines)
    body += line + "\n";
  if (of.prompts.size() > of.lines.size())
    body += "and " + std::to_string(of.prompts.size() - of.lines.size())
            + " more\n";
  if (of.prompts.size() == 1)
    body += of.opens + "\n";
  const bool has_actions = server_ && server_->actions;
  if (!has_actions)
    body += "Decide it with the command terok-clearance.\n";
  body.pop_back();
  result.body = body_text(body);
  if (has_actions && of.can_decide) {
    const auto& only = of.prompts.front();
    for (const auto action : {protocol::action::allow, protocol::action::deny})
      result.actions.emplace_back(
          button_key(action, only.number, only.revision),
          action == protocol::action::allow ? "Allow" : "Deny");
  } else if (has_actions) {
    result.actions.emplace_back("open", "Open");
  }
  add_open(result);
  return result;
}

notification_show notification_plan::summary_text() const {
  notification_show result;
  std::size_t prompts = 0;
  std::size_t lines = 0;
  std::string body;
  for (const auto& [key, x] : groups_) {
    prompts += x.prompts.size();
    result.is_critical = result.is_critical || x.is_flagged;
    if (lines == text_limits::notified_targets_max)
      continue;
    ++lines;
    body += x.label + ": " + std::to_string(x.prompts.size())
            + (x.is_flagged ? ", with FLAGS" : "") + "\n";
  }
  if (groups_.size() > lines)
    body += "and " + std::to_string(groups_.size() - lines) + " more\n";
  if (!server_ || !server_->actions)
    body += "Decide them with the command terok-clearance.\n";
  if (!body.empty())
    body.pop_back();
  result.summary = (is_digest_ ? "Quiet hours are over: " : "")
                   + counted(groups_.size(), "container") + ", "
                   + std::to_string(prompts) + " blocked";
  result.body = body_text(body);
  if (server_ && server_->actions)
    result.actions.emplace_back("open", "Open");
  add_open(result);
  return result;
}

} // namespace clearance::services
