/// One connection of a browser.
#pragma once

#include "protocol/base/time.hpp"
#include "services/client/descriptor.hpp"
#include "services/web/prompt_stream.hpp"
#include "services/web/request_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace clearance::services {

/// Moves bytes; web_server says what they mean. A request is read when the one
/// before is answered, and nothing more while it waits for its answer.
struct web_connection {
  enum class status : std::uint8_t {
    reading,   ///< a request, or waiting for one
    calling,   ///< a hub must answer first
    streaming, ///< until one of both closes
    closing,   ///< when `out` is sent
    closed,
  };

  explicit web_connection(descriptor x) : fd(std::move(x)) {
    // nop
  }

  short events() const noexcept;
  /// Reads what there is. The browser is gone: `closed`.
  void receive();
  /// Sends what the socket takes of `out`.
  void flush();
  /// Answers a request, and reads the next one.
  void answer(std::string_view bytes);
  /// The last bytes of this connection.
  void finish(std::string_view bytes);

  descriptor fd;
  status is = status::reading;
  /// A request on this connection had a valid bearer token.
  bool is_trusted = false;
  std::string in;
  std::string out;
  request_reader reader;
  /// Of the request that is being read; its head was judged.
  std::optional<protocol::web_call> call;
  std::optional<protocol::time_point> deadline; // of a request that began
  std::optional<prompt_stream> stream;
  protocol::time_point stream_until{};
  protocol::time_point piece_at{}; // when the last piece was written
};

} // namespace clearance::services
