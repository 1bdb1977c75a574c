/// HTTP on a unix socket or a TCP port.
#pragma once

#include "actors/gate/http_port.hpp"
#include "actors/io/http/http_times.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/expected.hpp>

#include <memory>

namespace clearance::io {

/// The HTTP port. The io_context must outlive it and its listeners.
class http_server final : public actors::http_host {
public:
  explicit http_server(boost::asio::io_context& context,
                       const http_times& times = {});

  caf::expected<std::unique_ptr<actors::http_listener>>
  listen_http(const actors::http_listen_spec& spec,
              actors::request_owner owner) override;

private:
  boost::asio::io_context& context_;
  http_times times_;
};

} // namespace clearance::io
