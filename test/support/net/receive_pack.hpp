/// Builds pushes that git's own client would never send. Source: Git's
/// gitprotocol-pack(5), "Pushing data to a server", and gitprotocol-http(5).
#pragma once

#include "test/support/net/http_client.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::test {

struct push_command {
  std::string old_id;
  std::string new_id;
  std::string ref;
};

/// One pkt-line.
std::string pkt_line(std::string_view payload);

/// The body of a request to git-receive-pack: the commands, and a pack without
/// objects unless all commands delete. The repository must have the objects
/// that the commands name.
std::string receive_pack_body(const std::vector<push_command>& commands,
                              std::string_view capabilities = "");

/// The whole request for the repository `r`.
std::string receive_pack_request(std::string_view token, std::string_view body);

/// What git answered to a push.
struct push_report {
  int status = 0;
  std::string unpack; ///< "ok", or why not; empty: git reported nothing
  std::map<std::string, std::string> refs; ///< by name: "ok", or why not
  std::string said;                        ///< what hooks and git tell people

  bool ok(const std::string& ref) const;
};

std::ostream& operator<<(std::ostream& out, const push_report& x);

/// Throws if the response is malformed.
push_report read_push_report(const http_response& response);

/// The object id of zeros, which means: no object.
inline const std::string no_object(40, '0');

} // namespace clearance::test
