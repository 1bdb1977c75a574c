#include "protocol/operator/policy_reader.hpp"

#include "protocol/operator/limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace clearance::protocol {

namespace {

using value_kind = policy_value::kind;

bool is_printable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

std::string at_most(std::size_t count, std::string_view what) {
  return "has more than " + std::to_string(count) + " " + std::string{what};
}

/// Reads one file and keeps the fault with the lowest line.
class reader_of_policy {
public:
  reader_of_policy(std::string_view file, const public_suffix_test& is_suffix)
      : file_(file), is_suffix_(is_suffix) {
    // nop
  }

  std::variant<policy_part, policy_fault> read(const policy_value& root) {
    if (root.type != value_kind::table)
      note(root.line, "", "is no table");
    bool has_version = false;
    for (const auto& x : root.members) {
      if (x.key == "version") {
        has_version = true;
        if (x.value.type != value_kind::integer || x.value.number != 1)
          note(x.line, x.key, "must be 1");
      } else if (x.key == "default") {
        read_default(x);
      } else if (x.key == "unattended") {
        read_unattended(x);
      } else if (x.key == "rule") {
        read_rules(x);
      } else {
        note(x.line, x.key,
             "there is no such key; the keys are version, default, unattended "
             "and [[rule]]");
      }
    }
    if (!has_version)
      note(1, "version", "is missing; it must be 1");
    if (first_)
      return *std::move(first_);
    return std::move(part_);
  }

private:
  void note(std::size_t line, std::string_view key, std::string why) {
    if (!first_ || line < first_->line)
      first_ = policy_fault{file_, line, std::string{key}, std::move(why)};
  }

  // Null: the value has another type, and the fault was noted.
  const std::string* text_of(const policy_member& x) {
    if (x.value.type == value_kind::text)
      return &x.value.text;
    note(x.line, x.key, "takes a text in quotes");
    return nullptr;
  }

  bool is_list(const policy_member& x, std::size_t max,
               std::string_view items) {
    if (x.value.type != value_kind::list) {
      note(x.line, x.key, "takes a list of " + std::string{items});
      return false;
    }
    if (x.value.items.empty())
      note(x.line, x.key,
           "must not be empty; an empty list does not mean everything");
    else if (x.value.items.size() > max)
      note(x.line, x.key, at_most(max, items));
    return true;
  }

  void read_default(const policy_member& x) {
    const auto* word = text_of(x);
    if (word == nullptr)
      return;
    auto action = parse_policy_action(*word);
    if (!action || *action == policy_action::allow)
      note(x.line, x.key, "takes \"ask\" or \"deny\"");
    else
      part_.rules.fallback = *action;
  }

  void read_unattended(const policy_member& x) {
    const auto* word = text_of(x);
    if (word == nullptr)
      return;
    if (*word == "deny")
      part_.rules.unattended = unattended_blocks::deny;
    else if (*word != "queue")
      note(x.line, x.key, "takes \"queue\" or \"deny\"");
  }

  void read_rules(const policy_member& x) {
    if (x.value.type != value_kind::list) {
      note(x.line, x.key, "is written [[rule]], once for each rule");
      return;
    }
    if (x.value.items.size() > operator_limits::policy_rules_max)
      note(x.line, x.key, at_most(operator_limits::policy_rules_max, "rules"));
    for (const auto& y : x.value.items) {
      if (y.type == value_kind::table)
        read_rule(y);
      else
        note(y.line, x.key, "is written [[rule]], once for each rule");
    }
  }

  void read_rule(const policy_value& x) {
    policy_rule rule;
    rule.file = file_;
    rule.line = x.line;
    name_lines_.clear();
    std::set<std::string_view> seen;
    for (const auto& y : x.members) {
      seen.insert(y.key);
      read_setting(y, rule);
    }
    for (std::string_view required : {"name", "why", "to", "action"})
      if (!seen.contains(required))
        note(x.line, required, "is missing in this rule");
    if (rule.action == policy_action::allow && !seen.contains("expires"))
      note(x.line, "expires", "is missing; a rule that allows needs it");
    if (rule.action == policy_action::allow)
      note_never_allowed(rule);
    part_.rules.rules.push_back(std::move(rule));
  }

  // After the whole rule: its action may stand behind its targets.
  void note_never_allowed(const policy_rule& x) {
    for (std::size_t i = 0; i < x.names.size(); ++i)
      if (const auto why = why_never_allowed(x.names[i]); !why.empty())
        part_.never_allowed.push_back(
            {file_, name_lines_[i], "to",
             "\"" + to_string(x.names[i]) + "\" is always an ask: " + why});
  }

  void read_setting(const policy_member& x, policy_rule& to) {
    if (x.key == "name")
      read_text(x, operator_limits::rule_name_max_bytes, to.name);
    else if (x.key == "why")
      read_text(x, operator_limits::rule_why_max_bytes, to.why);
    else if (x.key == "on")
      read_conditions(x, to);
    else if (x.key == "to")
      read_targets(x, to);
    else if (x.key == "ports")
      read_ports(x, to);
    else if (x.key == "action")
      read_action(x, to);
    else if (x.key == "expires")
      read_expires(x, to);
    else if (x.key == "quiet")
      read_quiet(x, to);
    else if (x.key == "opens")
      read_opens(x, to);
    else
      note(x.line, x.key,
           "there is no such key; the keys of a rule are name, why, on, to, "
           "ports, action, expires, quiet and opens");
  }

  void read_text(const policy_member& x, std::size_t max, std::string& to) {
    const auto* text = text_of(x);
    if (text == nullptr)
      return;
    if (text->empty())
      note(x.line, x.key, "must not be empty");
    else if (text->size() > max)
      note(x.line, x.key, at_most(max, "bytes"));
    else if (!is_printable(*text))
      note(x.line, x.key, "has a character that is not printable ASCII");
    else
      to = *text;
  }

  void read_conditions(const policy_member& x, policy_rule& to) {
    if (x.value.type != value_kind::table) {
      note(x.line, x.key, "takes a table, such as { project = \"alpha\" }");
      return;
    }
    if (x.value.members.empty())
      note(x.line, x.key,
           "must not be empty; leave it out if the rule is for all containers");
    else if (x.value.members.size() > operator_limits::rule_conditions_max)
      note(x.line, x.key,
           at_most(operator_limits::rule_conditions_max, "keys"));
    for (const auto& y : x.value.members) {
      const auto name = x.key + "." + y.key;
      if (y.value.type != value_kind::text)
        note(y.line, name, "takes a text in quotes");
      else if (y.value.text.empty())
        note(y.line, name, "must not be empty; \"*\" matches every value");
      else if (y.value.text.size() > operator_limits::rule_condition_max_bytes)
        note(y.line, name,
             at_most(operator_limits::rule_condition_max_bytes, "bytes"));
      else
        to.on.emplace_back(y.key, y.value.text);
    }
  }

  void read_targets(const policy_member& x, policy_rule& to) {
    if (!is_list(x, operator_limits::rule_targets_max, "targets"))
      return;
    for (const auto& y : x.value.items) {
      if (y.type == value_kind::text)
        read_target(y, x.key, to);
      else
        note(y.line, x.key, "takes texts in quotes");
    }
  }

  void read_target(const policy_value& x, const std::string& key,
                   policy_rule& to) {
    const auto shown = "\"" + escaped(x.text, 64) + "\" ";
    if (x.text.find('/') != x.text.npos || is_address_like(x.text)) {
      if (auto range = parse_ip_range(x.text))
        to.ranges.push_back(*range);
      else
        note(x.line, key,
             shown
                 + "is no address and no range of addresses (ADDRESS/BITS, "
                   "with no bit set behind the first BITS)");
      return;
    }
    auto pattern = parse_name_pattern(x.text);
    if (!pattern) {
      note(x.line, key,
           shown
               + (x.text.find('*') != x.text.npos
                      ? "has a star that is no whole first label; write "
                        "*.NAME or **.NAME"
                      : "is no name in letters, digits and hyphens; write "
                        "other letters in punycode (xn--)"));
      return;
    }
    if (pattern->what != name_pattern::form::exact) {
      if (pattern->name.find('.') == pattern->name.npos)
        note(x.line, key, shown + "is a wildcard over a top-level domain");
      else if (is_suffix_ && is_suffix_(pattern->name))
        part_.warnings.push_back(
            {file_, x.line, key, shown + "is a wildcard over a public suffix"});
    }
    to.names.push_back(*std::move(pattern));
    name_lines_.push_back(x.line);
  }

  void read_ports(const policy_member& x, policy_rule& to) {
    if (!is_list(x, operator_limits::rule_ports_max, "ports"))
      return;
    for (const auto& y : x.value.items) {
      if (y.type != value_kind::integer || y.number < 1 || y.number > 65535)
        note(y.line, x.key, "takes whole numbers from 1 to 65535");
      else
        to.ports.push_back(y.number);
    }
  }

  void read_action(const policy_member& x, policy_rule& to) {
    const auto* word = text_of(x);
    if (word == nullptr)
      return;
    if (auto action = parse_policy_action(*word))
      to.action = *action;
    else
      note(x.line, x.key, "takes \"allow\", \"deny\" or \"ask\"");
  }

  void read_expires(const policy_member& x, policy_rule& to) {
    if (x.value.type == value_kind::date)
      to.expires = x.value.date;
    else
      note(x.line, x.key, "takes a date without quotes, such as 2027-03-01");
  }

  void read_quiet(const policy_member& x, policy_rule& to) {
    if (x.value.type == value_kind::boolean)
      to.quiet = x.value.truth;
    else
      note(x.line, x.key, "takes true or false, without quotes");
  }

  void read_opens(const policy_member& x, policy_rule& to) {
    const auto* word = text_of(x);
    if (word == nullptr)
      return;
    to.opens_everything = *word == "everything";
    if (!to.opens_everything)
      note(x.line, x.key, "takes \"everything\"");
  }

  std::string file_;
  const public_suffix_test& is_suffix_;
  policy_part part_;
  std::optional<policy_fault> first_;
  std::vector<std::size_t> name_lines_; // of policy_rule::names
};

policy_action stricter(policy_action a, policy_action b) noexcept {
  return a == policy_action::deny ? a : b;
}

} // namespace

std::string to_string(const policy_fault& x) {
  auto result = escaped(x.file);
  if (x.line != 0)
    result += ":" + std::to_string(x.line);
  if (!x.key.empty())
    result += ": " + escaped(x.key);
  return result + ": " + escaped(x.why);
}

std::variant<policy_part, policy_fault>
read_policy(std::string_view file, const policy_value& root,
            const public_suffix_test& is_public_suffix) {
  return reader_of_policy{file, is_public_suffix}.read(root);
}

std::variant<policy_part, policy_fault>
combine(std::vector<policy_part> parts) {
  policy_part result;
  std::set<std::string> names;
  for (auto& part : parts) {
    auto& from = part.rules;
    for (const auto& x : from.rules) {
      if (!names.insert(x.name).second)
        return policy_fault{x.file, x.line, "name",
                            "another rule is called \"" + x.name
                                + "\", too; names are unique in all files"};
      if (names.size() > operator_limits::policy_rules_max)
        return policy_fault{
            x.file, x.line, "rule",
            "there are more than "
                + std::to_string(operator_limits::policy_rules_max)
                + " rules in all files"};
    }
    auto& to = result.rules;
    to.fallback = stricter(to.fallback, from.fallback);
    if (from.unattended == unattended_blocks::deny)
      to.unattended = from.unattended;
    std::move(from.rules.begin(), from.rules.end(),
              std::back_inserter(to.rules));
    std::move(part.warnings.begin(), part.warnings.end(),
              std::back_inserter(result.warnings));
    std::move(part.never_allowed.begin(), part.never_allowed.end(),
              std::back_inserter(result.never_allowed));
  }
  return result;
}

} // namespace clearance::protocol
