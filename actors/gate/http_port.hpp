/// An HTTP server as actors see it. Implemented by actors/io; a double in actor
/// tests. Bytes of bodies never come here.
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

/// The one message that ends a request: its response is written, or its client
/// gone; its backend, if there was one, is reaped.
struct answered {
  int status = 0;             ///< 0: none was sent
  std::uint64_t received = 0; ///< bytes of the request's body
  std::uint64_t sent = 0;     ///< bytes of the response's body
  std::string trouble;        ///< what went wrong, escaped; mostly empty
  /// The first ref that git declined to change, why, and how many more;
  /// escaped. Empty: it declined none.
  std::string declined = {};
  std::string said = {}; ///< of hooks and git about that, escaped
};

/// A line of the backend's stderr, as it came, without its end. Of a backend
/// that says more than gate_limits allow the last line says how much more.
struct backend_said {
  std::string line;
};

using http_request_owner =
    caf::typed_actor<caf::reacts_to<answered>, caf::reacts_to<backend_said>>;

/// A program that answers the same request at less cost, as long as the
/// repository is a plain one: see io::plain_repository().
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
  std::vector<std::string> environment; ///< all of it
  /// Once it has read its whole body it may run on when its client leaves, for
  /// gate_limits::push_alone_time.
  bool runs_on_alone = false;
  /// Of the request's body. A larger one gets 413.
  std::uint64_t body_max_bytes = std::numeric_limits<std::uint64_t>::max();
  /// The response is git-receive-pack's: it is read for answered::declined.
  bool reads_report = false;
  std::optional<direct_plan> direct = std::nullopt;
};

/// A request whose head is there. Either refuse() or serve(), once. Methods are
/// called on the I/O thread only. Dropping it before `answered` came closes
/// its connection and kills its backend.
class http_request {
public:
  virtual ~http_request() = default;

  virtual const protocol::request_head& head() const noexcept = 0;
  virtual const peer& who() const noexcept = 0;

  /// Who gets `answered`, which comes also when the client leaves before.
  virtual void own(http_request_owner owner) = 0;

  /// Answers with `text`.
  virtual void refuse(int status, std::string_view text,
                      const protocol::http_fields& fields = {}) = 0;

  /// Starts the backend and passes everything on, in both directions, with
  /// backpressure. Returns 0, or the errno of what failed: then refuse().
  virtual int serve(const backend_plan& plan) = 0;

  /// Others wait: ends the request with 408 if its body has come too slowly,
  /// see gate_limits::body_rate_min_bytes.
  virtual void end_if_slow() = 0;
};

using http_request_ptr = std::shared_ptr<http_request>;

/// A new request. Nobody's yet: without an owner it is answered by being
/// dropped.
struct requested {
  http_request_ptr value;
};

/// A request that was none; it is refused already.
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
  std::string role;   ///< for messages: "gate socket"
  std::string server; ///< value of the Server field
  int inherited = -1; ///< instead: it listens already; is taken over
  /// At a time; more wait in the kernel's queue.
  std::size_t connections_max = protocol::gate_limits::connections_max;
};

/// Dropping it stops listening, closes idle connections, and the others once
/// their request is answered.
class http_listener : public listener {
public:
  /// For messages: the path, or address and port.
  virtual std::string where() const = 0;
};

class http_host {
public:
  virtual ~http_host() = default;

  /// A unix socket is bound hardened, as io_host::listen() does.
  /// Errors: errc::bind_failed with one line that names role, place and cause.
  virtual caf::expected<std::unique_ptr<http_listener>>
  listen_http(const http_listen_spec& spec, request_owner owner) = 0;
};

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::answered)
CLEARANCE_MESSAGE(clearance::actors::backend_said)
CLEARANCE_MESSAGE(clearance::actors::requested)
CLEARANCE_MESSAGE(clearance::actors::malformed_request)
