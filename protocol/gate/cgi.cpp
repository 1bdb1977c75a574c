#include "protocol/gate/cgi.hpp"

#include "protocol/gate/http_request.hpp"
#include "protocol/gate/limits.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace clearance::protocol {

namespace {

// No hook of a repository runs unless it is ours; background maintenance calls
// setsid and would outlive us; backups are the gate's own; a replacement object
// would change what git says of the history.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> forced{{
    {"core.hooksPath", ""},
    {"receive.autogc", "false"},
    {"gc.auto", "0"},
    {"maintenance.auto", "false"},
    {"transfer.hideRefs", "refs/terok"},
    {"receive.hideRefs", "refs/replace"},
    // Above ours, which gives an honest status: git's gives a 200 without body.
    {"http.maxRequestBuffer", "16777217"},
}};
static_assert(gate_limits::fetch_body_max_bytes + 1 == 16777217);

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z') || marks.find(c) != std::string_view::npos;
  });
}

// A field's value could otherwise end the head and begin a body of its own.
bool is_field_text(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto x = static_cast<unsigned char>(c);
    return (x < 0x20 && c != '\t') || x == 0x7f;
  });
}

// The connection is ours, not the backend's.
bool is_hop_by_hop(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 7> names{
      "connection", "transfer-encoding", "keep-alive",
      "upgrade",    "trailer",           "server",
      "te"};
  return std::any_of(names.begin(), names.end(),
                     [=](auto x) { return same_field(x, name); });
}

} // namespace

std::vector<std::string> cgi_environment(const cgi_config& config,
                                         const cgi_request& request) {
  std::vector<std::string> result;
  auto add = [&](std::string_view name, std::string_view value) {
    std::string entry(name);
    entry += '=';
    entry += value;
    result.push_back(std::move(entry));
  };
  if (config.path)
    add("PATH", *config.path);
  if (config.git_exec_path)
    add("GIT_EXEC_PATH", *config.git_exec_path);
  add("HOME", config.home);
  add("GIT_CONFIG_NOSYSTEM", "1");
  add("GIT_NO_REPLACE_OBJECTS", "1");
  if (!config.tmpdir.empty())
    add("TMPDIR", config.tmpdir);
  if (!config.backup_max_age.empty())
    add(backup_age_variable, config.backup_max_age);
  // The backend's stderr is there, too: a hook's own goes to the client.
  add(hook_log_variable, "3");
  if (!request.token_mark.empty())
    add(token_mark_variable, request.token_mark);
  add("GIT_PROJECT_ROOT", config.project_root);
  add("GIT_HTTP_EXPORT_ALL", "1");
  add("PATH_INFO", request.path_info);
  add("QUERY_STRING", request.query);
  add("REQUEST_METHOD", request.method);
  add("CONTENT_TYPE", request.content_type);
  add("SERVER_PROTOCOL", request.server_protocol);
  add("REMOTE_USER", "token");
  if (request.content_length)
    add("CONTENT_LENGTH", std::to_string(*request.content_length));
  if (!request.content_encoding.empty())
    add("HTTP_CONTENT_ENCODING", request.content_encoding);
  if (!request.git_protocol.empty())
    add("HTTP_GIT_PROTOCOL", request.git_protocol);
  add("GIT_CONFIG_COUNT", std::to_string(forced.size()));
  for (std::size_t i = 0; i < forced.size(); ++i) {
    const auto& [key, value] = forced[i];
    add("GIT_CONFIG_KEY_" + std::to_string(i), key);
    add("GIT_CONFIG_VALUE_" + std::to_string(i),
        value.empty() ? std::string_view(config.hooks_path) : value);
  }
  return result;
}

cgi_head_parser::result cgi_head_parser::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto rest = bytes.substr(at);
    const auto newline = std::min(rest.find('\n'), rest.size());
    const auto whole = newline < rest.size();
    size_ += newline + (whole ? 1 : 0);
    if (size_ > gate_limits::cgi_head_max_bytes)
      return {outcome::malformed, at};
    line_ += rest.substr(0, newline);
    if (!whole)
      break;
    at += newline + 1;
    if (auto what = end_line(); what != outcome::need_more)
      return {what, at};
  }
  return {outcome::need_more, bytes.size()};
}

cgi_head_parser::outcome cgi_head_parser::end_line() {
  const auto line = std::exchange(line_, {});
  auto text = std::string_view(line);
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  // RFC 3875, section 6.2: at least one field.
  if (text.empty())
    return has_fields_ ? outcome::complete : outcome::malformed;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || !is_token(text.substr(0, colon)))
    return outcome::malformed;
  auto value = text.substr(colon + 1);
  while (value.starts_with(' ') || value.starts_with('\t'))
    value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t'))
    value.remove_suffix(1);
  if (!is_field_text(value) || !add_field(text.substr(0, colon), value))
    return outcome::malformed;
  has_fields_ = true;
  return outcome::need_more;
}

bool cgi_head_parser::add_field(std::string_view name, std::string_view value) {
  if (same_field(name, "status"))
    return add_status(value);
  if (same_field(name, "content-length")) {
    if (head_.content_length)
      return false;
    head_.content_length = parse_content_length(value);
    return head_.content_length.has_value();
  }
  if (!is_hop_by_hop(name))
    head_.head.fields.emplace_back(name, value);
  return true;
}

// RFC 3875, section 6.3.3: three digits, then maybe a space and a reason. An
// interim response makes no sense here.
bool cgi_head_parser::add_status(std::string_view value) {
  const auto digits = value.substr(0, std::min<std::size_t>(3, value.size()));
  const auto status = parse_content_length(digits);
  if (digits.size() != 3 || !status || *status < 200 || *status > 599
      || (value.size() > 3 && value[3] != ' '))
    return false;
  head_.head.status = static_cast<int>(*status);
  return true;
}

} // namespace clearance::protocol
