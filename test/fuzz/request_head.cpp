// Input: fields, one on each line: `name: value`. The length of the first line
// chooses the HTTP version.

#include "protocol/gate/direct_service.hpp"
#include "protocol/gate/http_request.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>

namespace request_head_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  auto rest = clearance::test::as_text(data, size);
  request_head_builder builder;
  builder.start("POST", "/", size % 2 == 0 ? 11 : 10);
  auto refused = [](const std::optional<http_refusal>& x) {
    if (x)
      require(x->status >= 400 && x->status < 500 && !x->why.empty(),
              "a refusal has a status and says why");
    return x.has_value();
  };
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto colon = std::min(line.find(':'), line.size());
    const auto value = line.substr(std::min(colon + 1, line.size()));
    if (refused(builder.add(line.substr(0, colon), value)))
      return;
  }
  if (refused(builder.finish()))
    return;
  const auto head = builder.take();
  require(!head.chunked || !head.content_length, "a body has one length");
  require(!head.chunked || head.http_1_1, "chunks are 1.1's");
  require(!head.keep_alive || head.http_1_1, "1.0 connections end");
  cgi_request request;
  request.git_protocol = head.git_protocol;
  const auto route =
      parse_git_route("/r.git/info/refs?service=git-upload-pack");
  const auto direct = direct_service_for({}, request, *route);
  require(direct->preamble.ends_with("0000")
              == (direct->preamble.find('#') != std::string::npos),
          "a packet that names the service is whole");
}

const clearance::test::fuzzer registered{"request_head", run};

} // namespace

} // namespace request_head_fuzzer
