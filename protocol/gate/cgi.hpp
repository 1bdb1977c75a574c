/// The Common Gateway Interface as `git http-backend` speaks it.
/// Source: RFC 3875.
#pragma once

#include "protocol/gate/http_response.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Names a descriptor: what a hook writes there stands in the gate's log.
inline constexpr std::string_view hook_log_variable = "TEROK_GATE_LOG_FD";

/// How many days our hooks keep a backup.
inline constexpr std::string_view backup_age_variable = "TEROK_BACKUP_DAYS";

/// Names, for our hooks, the token whose push it is, see token_mark(). Unset:
/// there is one token, and all backups are its own.
inline constexpr std::string_view token_mark_variable = "TEROK_TOKEN_MARK";

/// The hooks' directory of a gate without hooks.
inline constexpr std::string_view no_hooks = "/dev/null";

/// What the environment of every backend has in common.
struct cgi_config {
  std::optional<std::string> path;          ///< our PATH
  std::optional<std::string> git_exec_path; ///< our GIT_EXEC_PATH
  std::string home;
  std::string project_root;
  std::string hooks_path{no_hooks};
  std::string tmpdir;         ///< TMPDIR; empty: none
  std::string backup_max_age; ///< in days, for our hooks; empty: the default
};

/// What it takes from one request.
struct cgi_request {
  std::string_view path_info;
  std::string_view query;
  std::string_view method;
  std::string_view content_type;
  std::string_view content_encoding; ///< empty: not sent
  std::string_view git_protocol;     ///< empty: not sent
  std::string_view server_protocol = "HTTP/1.1";
  std::optional<std::uint64_t> content_length;
  std::string_view token_mark = {}; ///< empty: none
};

/// All of the backend's environment, as "NAME=value". Nothing else may be in
/// it: what git reads from its environment it obeys.
/// Source: gate.md, section 2.
std::vector<std::string> cgi_environment(const cgi_config& config,
                                         const cgi_request& request);

/// What stands before a backend's body.
struct cgi_head {
  response_head head; ///< without the fields that frame a message
  std::optional<std::uint64_t> content_length;
};

/// Parses a header block that comes in pieces. Lines end in LF, with or
/// without a CR; an empty one ends the block.
class cgi_head_parser {
public:
  enum class outcome : std::uint8_t {
    need_more, ///< all bytes were taken
    complete,  ///< take() it; the body begins behind `consumed`
    malformed, ///< no header block, or one above cgi_head_max_bytes
  };

  struct result {
    outcome what = outcome::need_more;
    std::size_t consumed = 0; ///< of the bytes of this call
  };

  /// Not called again after complete or malformed.
  result feed(std::string_view bytes);

  cgi_head take() noexcept { return std::move(head_); }

private:
  outcome end_line();
  bool add_field(std::string_view name, std::string_view value);
  bool add_status(std::string_view value);

  cgi_head head_;
  std::string line_; // the unfinished one
  std::size_t size_ = 0;
  bool has_fields_ = false;
};

} // namespace clearance::protocol
