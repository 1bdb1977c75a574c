/// Serves the page to browsers on this machine. Source: clients.md, section 4.
#pragma once

#include "protocol/web/tokens.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/web/page_file.hpp"
#include "services/web/web_calls.hpp"
#include "services/web/web_connection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <poll.h>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// Never blocks; its owner polls, as with operator_hubs. There is no timer
/// unless a request is half read, a stream has something to say, or a page is
/// open (its bearer token ends once).
class web_server {
public:
  /// `listener` listens and does not block. `host` is its address and port.
  /// `hubs` and `list` must outlive this object.
  web_server(descriptor listener, std::string host, operator_hubs& hubs,
             const protocol::prompt_list& list);

  /// A link that opens the page once. Without `until` it is valid until then.
  std::string link(std::optional<time_point> until = {});

  /// Whether a page was ever let in.
  bool was_opened() const noexcept { return was_opened_; }

  void append(std::vector<pollfd>& to) const;
  /// Takes what append() appended and poll() filled, and does what is due.
  void handle(std::span<const pollfd> entries, time_point now);
  /// When to call handle() although nothing happened.
  std::optional<time_point> due() const;

private:
  using connections = std::map<std::uint64_t, web_connection>;

  void take_connections();
  bool make_room();
  void process(std::uint64_t id, web_connection& x, time_point now);
  bool judge(web_connection& x, time_point now);
  void execute(std::uint64_t id, web_connection& x, time_point now);
  void begin_session(web_connection& x, const protocol::web_body& body,
                     time_point now);
  void begin_stream(web_connection& x, const protocol::web_body& body,
                    time_point now);
  void pump(web_connection& x, time_point now);
  void refuse(web_connection& x, protocol::web_refusal why);
  static void answer_json(web_connection& x, std::string_view json);

  descriptor listener_;
  std::string host_;
  const protocol::prompt_list& list_;
  web_page page_;
  web_calls calls_;
  protocol::web_tokens tokens_;
  connections connections_; // by number, the oldest first
  std::uint64_t last_id_ = 0;
  std::set<std::string_view> told_why_; // refusals that were logged
  bool was_opened_ = false;
};

} // namespace clearance::services
