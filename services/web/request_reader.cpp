#include "services/web/request_reader.hpp"

#include "protocol/web/limits.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace clearance::services {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

// The head's rules refuse a body in chunks, so the parser never sees one.
class request_reader::parser : public http::basic_parser<true> {
public:
  parser() {
    header_limit(protocol::web_limits::head_max_bytes);
    body_limit(protocol::web_limits::body_max_bytes);
  }

  protocol::web_request_head head;
  std::string body;
  bool is_old = false;

private:
  void on_request_impl(http::verb, string_view method, string_view target,
                       int version, error_code&) override {
    head.start({method.data(), method.size()}, {target.data(), target.size()});
    is_old = version != 11;
  }

  void on_response_impl(int, string_view, int, error_code&) override {
    // nop: this is not called for requests
  }

  void on_field_impl(http::field, string_view name, string_view value,
                     error_code&) override {
    head.add({name.data(), name.size()}, {value.data(), value.size()});
  }

  void on_header_impl(error_code& ec) override {
    if (is_old)
      ec = http::error::bad_version;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         error_code&) override {
    // nop
  }

  std::size_t on_body_impl(string_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, string_view,
                            error_code& ec) override {
    ec = http::error::bad_transfer_encoding;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view,
                                 error_code& ec) override {
    ec = http::error::bad_transfer_encoding;
    return 0;
  }

  void on_finish_impl(error_code&) override {
    // nop: feed() asks is_done()
  }
};

request_reader::request_reader() : parser_(std::make_unique<parser>()) {
  // nop
}

request_reader::request_reader(request_reader&&) noexcept = default;
request_reader& request_reader::operator=(request_reader&&) noexcept = default;
request_reader::~request_reader() = default;

request_reader::status request_reader::feed(std::string& bytes) {
  if (!bytes.empty() && !parser_->is_done()) {
    error_code ec;
    const auto n =
        parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
    bytes.erase(0, n);
    if (ec && ec != http::error::need_more)
      return status::broken;
  }
  return parser_->is_done()          ? status::done
         : parser_->is_header_done() ? status::body
                                     : status::head;
}

const protocol::web_request_head& request_reader::head() const noexcept {
  return parser_->head;
}

std::string_view request_reader::body() const noexcept {
  return parser_->body;
}

} // namespace clearance::services
