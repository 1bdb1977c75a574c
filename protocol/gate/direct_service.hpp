/// Git's services as the gate starts them itself, without `git http-backend` in
/// between: one process fewer for each request.
#pragma once

#include "protocol/gate/cgi.hpp"
#include "protocol/gate/git_route.hpp"

#include <optional>
#include <string>
#include <vector>

namespace clearance::protocol {

/// `git upload-pack` or `git receive-pack` for one request.
struct direct_service {
  std::string repository; ///< its path
  std::vector<std::string> argv;
  std::vector<std::string> environment; ///< all of it
  /// What `git http-backend` would write before it starts the service: a header
  /// block, and maybe the first bytes of the body.
  std::string preamble;
  /// No byte of its output may be sent before the request's body was read.
  bool body_first = false;
};

/// The service that answers this request as `git http-backend` would. No value
/// where `git http-backend` does more than to start it: for `/HEAD`, for a body
/// that is compressed, for one of a fetch that is larger than
/// gate_limits::direct_fetch_body_max_bytes or of unknown length, and for a
/// wrong content type. Whether the repository's own configuration allows it is
/// for the caller to find out, see io::plain_repository().
std::optional<direct_service> direct_service_for(const cgi_config& config,
                                                 const cgi_request& request,
                                                 const git_route& route);

} // namespace clearance::protocol
