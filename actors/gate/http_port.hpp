/// The HTTP server for actors. Implemented by actors/io, and by a fake in the
/// tests of actors. Bytes of bodies stay in actors/io.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/message_type.hpp"
#include "protocol/gate/direct_service.hpp"
#include "protocol/gate/http_request.hpp"
#include "protocol/gate/http_response.hpp"
#include "protocol/gate/limits.hpp"

#include <caf/expected.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::actors {

/// Sent once, at the end of a request: its response is written or its client
/// has left, and its backend, if there was one, is reaped.
struct answered {
  int status = 0;             ///< 0: no response was sent
  std::uint64_t received = 0; ///< bytes of the request's body
  std::uint64_t sent = 0;     ///< bytes of the response's body
  std::string trouble;        ///< what went wrong, escaped; may be empty
  /// Of a push: the first ref that git did not change, why, and how many more
  /// there are; escaped. Empty: git changed all refs.
  std::string declined = {};
  std::string said = {}; ///< what hooks and git said about it, escaped
};

/// A line of the backend's stderr, not escaped, without the end of line. If the
/// backend writes more than gate_limits allow, the last line says how much
/// more.
struct backend_said {
  std::string line;
};

using http_request_owner =
    caf::typed_actor<caf::reacts_to<answered>, caf::reacts_to<backend_said>>;

/// A program that answers the same request with one process fewer. It is used
/// if the repository is a plain one: see io::plain_repository().
struct direct_plan {
  std::string program;
  protocol::direct_service service;
  std::vector<std::string> configuration; ///< git's files outside of it
};

/// A program that answers a request: it reads the body from stdin and writes a
/// CGI header block and a body to stdout.
struct backend_plan {
  std::string program; ///< a path
  std::vector<std::string> argv;
  std::vector<std::string> environment; ///< the whole environment
  /// When its client leaves after the whole body was read, the program may run
  /// for gate_limits::push_alone_time more.
  bool runs_on_alone = false;
  /// The largest body of a request. A larger one is refused with 413.
  std::uint64_t body_max_bytes = std::numeric_limits<std::uint64_t>::max();
  /// The response is git-receive-pack's: answered::declined is taken from it.
  bool reads_report = false;
  std::optional<direct_plan> direct = std::nullopt;
};

/// A request whose head was read. Call either refuse() or serve(), once, on the
/// I/O thread. The destructor closes the connection and ends the backend, if
/// the request is not answered yet.
class http_request {
public:
  virtual ~http_request() = default;

  virtual const protocol::request_head& head() const noexcept = 0;
  virtual const peer& who() const noexcept = 0;

  /// Sets who gets `answered`, also if the client has left already.
  virtual void own(http_request_owner owner) = 0;

  /// Answers with `text`.
  virtual void refuse(int status, std::string_view text,
                      const protocol::http_fields& fields = {}) = 0;

  /// Starts the backend and passes all bytes on, in both directions; a slow
  /// reader makes the writer wait. Returns 0, or the errno of what failed: then
  /// call refuse().
  virtual int serve(const backend_plan& plan) = 0;

  /// Other requests wait: ends this one with 408 if its body comes too slowly,
  /// see gate_limits::body_rate_min_bytes.
  virtual void end_if_slow() = 0;
};

using http_request_ptr = std::shared_ptr<http_request>;

/// A new request. It has no owner yet. If it is dropped, its connection is
/// closed.
struct requested {
  http_request_ptr value;
};

/// A request that was malformed. It was refused already.
struct malformed_request {
  int status = 400;
  std::string_view why; ///< a literal
  peer who;
};

using request_owner = caf::typed_actor<caf::reacts_to<requested>,
                                       caf::reacts_to<malformed_request>>;

/// Where to listen: at a path, or at a numeric address.
struct http_listen_spec {
  std::string path;
  std::string address;
  std::uint16_t port = 0; ///< 0: any free one
  std::string lock;       ///< the lock of `path`; empty: beside it
  /// of the socket at `path`, which is mounted into a container; empty: none
  std::string selinux_type = {};
  std::string role;   ///< names the socket in log texts: "gate socket"
  std::string server; ///< value of the Server field
  int inherited = -1; ///< a descriptor that listens already; -1: none
  /// Connections that may be open at a time. More wait in the kernel's queue.
  std::size_t connections_max = protocol::gate_limits::connections_max;
  /// When as many are open, the oldest whose client has not sent a whole
  /// request is closed for a new one. So clients that send nothing, or little,
  /// keep nobody out.
  bool closes_oldest = false;
};

/// The destructor stops listening. It closes idle connections at once, and
/// others when their request is answered.
class http_listener : public listener {
public:
  /// The path, or address and port, for log texts.
  virtual std::string where() const = 0;
};

class http_host {
public:
  virtual ~http_host() = default;

  /// Binds a unix socket as io_host::listen() does, or a TCP port, or takes
  /// over an inherited socket. Errors: errc::bind_failed with one line that
  /// names role, place and cause.
  virtual caf::expected<std::unique_ptr<http_listener>>
  listen_http(const http_listen_spec& spec, request_owner owner) = 0;
};

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::answered)
CLEARANCE_MESSAGE(clearance::actors::backend_said)
CLEARANCE_MESSAGE(clearance::actors::requested)
CLEARANCE_MESSAGE(clearance::actors::malformed_request)
