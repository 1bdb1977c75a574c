#include "services/operator/audit_command.hpp"

#include "protocol/json/json_tree.hpp"
#include "protocol/operator/audit_chain.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"
#include "services/cli/terminal.hpp"
#include "services/operator/audit_file.hpp"
#include "services/operator/hub_audit.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

using protocol::audit_line;
using protocol::json_tree;

constexpr std::int64_t audit_second = 1'000'000;

/// Text for stdout, written piece by piece.
class audit_output {
public:
  void put(std::string_view text) {
    text_ += text;
    if (text_.size() >= 64 * 1024)
      flush();
  }
  void flush() {
    if (why_.empty() && !text_.empty())
      why_ = print(text_);
    text_.clear();
  }
  /// Why not all was written; empty: all was.
  const std::string& why() const noexcept { return why_; }

private:
  std::string text_;
  std::string why_;
};

void put_detail(std::string& out, std::string_view name,
                std::string_view value) {
  if (!value.empty())
    out += " " + std::string{name} + "=" + shown(value);
}

void put_tree(std::string& out, const json_tree& x);

// `names` of members that are left out, at any depth.
bool is_personal(std::string_view name) {
  return name == "uid" || name == "pid" || name == "reason";
}

void put_members(std::string& out, const json_tree& x) {
  out += '{';
  bool is_first = true;
  for (const auto& each : x.members) {
    if (is_personal(each.name))
      continue;
    out += is_first ? "" : ",";
    is_first = false;
    protocol::append_json(out, each.name);
    out += ':';
    put_tree(out, each.value);
  }
  out += '}';
}

void put_tree(std::string& out, const json_tree& x) {
  switch (x.type) {
  case json_tree::kind::null:
    out += "null";
    break;
  case json_tree::kind::boolean:
  case json_tree::kind::number:
    out += x.text;
    break;
  case json_tree::kind::string:
    protocol::append_json(out, x.text);
    break;
  case json_tree::kind::array:
    out += '[';
    for (std::string_view separator; const auto& each : x.items) {
      out += separator;
      put_tree(out, each);
      separator = ",";
    }
    out += ']';
    break;
  case json_tree::kind::object:
    put_members(out, x);
    break;
  }
}

// Adds `lines` of one trail to `out`. False: a chain is broken.
bool verify_trail(const audit_trail_files& trail, audit_output& out) {
  protocol::audit_verifier chain;
  for (const auto& file : trail.files) {
    chain.begin(file);
    read_audit_file(file, [&](const audit_place_in_file& x) {
      // The hub writes this line just now.
      if (!x.is_whole && is_being_written(trail.path))
        return;
      chain.line(x.text, x.is_whole);
    });
  }
  const auto name = protocol::escaped(trail.path);
  if (const auto& broken = chain.broken()) {
    out.put(protocol::escaped(broken->file) + ":" + std::to_string(broken->line)
            + ": the chain is broken: " + broken->why + "\n");
    return false;
  }
  out.put(name + ": the chain holds: " + std::to_string(chain.lines())
          + " records in " + std::to_string(trail.files.size())
          + (trail.files.size() == 1 ? " file" : " files") + ", seq "
          + std::to_string(chain.first_seq()) + " to "
          + std::to_string(chain.last_seq())
          + (chain.first_seq() > 1 ? "; older ones were removed" : "") + "\n");
  return true;
}

// Lines that are no records are shown by `verify` alone.
void show_trail(const audit_trail_files& trail, const audit_config& config,
                audit_output& out) {
  for (const auto& file : trail.files)
    read_audit_file(file, [&](const audit_place_in_file& x) {
      auto parsed = protocol::parse_audit_line(x.text);
      const auto* known = std::get_if<audit_line>(&parsed);
      if (known == nullptr || !x.is_whole || !matches(config.filter, *known))
        return;
      if (config.action == audit_action::list)
        out.put(audit_text(*known));
      else if (!config.is_redacted)
        out.put(std::string{x.text} + "\n");
      else if (auto line = redacted(x.text))
        out.put(*line + "\n");
    });
}

} // namespace

std::string audit_text(const audit_line& x) {
  auto result = protocol::extended_utc(
      std::chrono::sys_seconds{std::chrono::seconds{x.time / audit_second}});
  result += " " + shown(x.hub) + " " + shown(x.event);
  for (const auto* word : {&x.action, &x.result, &x.container, &x.target})
    if (!word->empty())
      result += " " + shown(*word);
  put_detail(result, "by", x.by_kind);
  if (x.by_uid)
    put_detail(result, "uid", std::to_string(*x.by_uid));
  put_detail(result, "command", x.by_command);
  put_detail(result, "name", x.by_name);
  put_detail(result, "rule", x.rule);
  put_detail(result, "reason", x.reason);
  put_detail(result, "error", x.error);
  put_detail(result, "request_id", x.request_id);
  put_detail(result, "text", x.text);
  return result + "\n";
}

std::optional<std::string> redacted(std::string_view line) {
  const auto tree = protocol::parse_json_tree(line);
  if (!tree)
    return std::nullopt;
  std::string result;
  put_tree(result, *tree);
  return result;
}

int run_audit(const audit_config& config) try {
  auto paths = config.paths;
  if (paths.empty())
    paths.push_back(audit_directory());
  if (paths.front().empty()) {
    complain("neither XDG_STATE_HOME nor HOME says where the audit trail is; "
             "name a file or a directory");
    return exit_failed;
  }
  bool is_good = true;
  audit_output out;
  const auto trails = find_audit_trails(paths);
  if (trails.empty()) {
    complain("there is no audit trail in " + protocol::escaped(paths.front()));
    return exit_failed;
  }
  for (const auto& trail : trails)
    if (config.action == audit_action::verify)
      is_good &= verify_trail(trail, out);
    else
      show_trail(trail, config, out);
  out.flush();
  if (!out.why().empty()) {
    complain(out.why());
    return exit_failed;
  }
  return is_good ? exit_ok : exit_failed;
} catch (const audit_fault& fault) {
  complain(fault.what());
  return exit_failed;
}

} // namespace clearance::services
