/// Reads one request of a browser from bytes.
#pragma once

#include "protocol/web/request.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace clearance::services {

/// The owner judges the head before it lets the body be read.
class request_reader {
public:
  request_reader();
  request_reader(request_reader&&) noexcept;
  request_reader& operator=(request_reader&&) noexcept;
  ~request_reader();

  enum class status : std::uint8_t {
    head,   ///< the head is not complete
    body,   ///< the head is complete, the body is not
    done,   ///< both are complete
    broken, ///< no request, or one that is too large
  };

  /// Takes bytes off the front of `bytes`. It stops behind the head once, so
  /// that the head can be judged; call it again for the body.
  status feed(std::string& bytes);

  const protocol::web_request_head& head() const noexcept;
  std::string_view body() const noexcept;

private:
  class parser;

  std::unique_ptr<parser> parser_;
};

} // namespace clearance::services
