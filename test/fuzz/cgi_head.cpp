// Input: the size of the pieces (one byte), then a header block. It is parsed
// in one piece and in pieces of that size.

#include "protocol/gate/cgi.hpp"
#include "test/fuzz/fuzz.hpp"

namespace cgi_head_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;
using outcome = cgi_head_parser::outcome;

struct parsed {
  outcome what = outcome::need_more;
  std::size_t consumed = 0;
  cgi_head head;
};

parsed parse(std::string_view bytes, std::size_t step) {
  cgi_head_parser parser;
  parsed result;
  while (result.what == outcome::need_more && result.consumed < bytes.size()) {
    const auto piece = bytes.substr(result.consumed, step);
    const auto [what, n] = parser.feed(piece);
    require(n <= piece.size(), "no more is consumed than is there");
    require(what != outcome::need_more || n == piece.size(),
            "what needs more has taken all");
    result.what = what;
    result.consumed += n;
  }
  result.head = parser.take();
  return result;
}

void run(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return;
  const auto bytes = clearance::test::as_text(data + 1, size - 1);
  const auto whole = parse(bytes, bytes.size() + 1);
  const auto cut = parse(bytes, std::size_t{data[0]} + 1);
  require(whole.what == cut.what, "pieces make no difference");
  if (whole.what != outcome::complete)
    return;
  require(whole.consumed == cut.consumed, "the body begins in one place");
  require(whole.head.head.fields == cut.head.head.fields, "the same fields");
  require(whole.head.head.status == cut.head.head.status, "the same status");
  require(whole.head.head.status >= 200 && whole.head.head.status < 600,
          "a status is one");
  const auto text = to_bytes(whole.head.head, {}, "server");
  for (const char c : text)
    require(c == '\r' || c == '\n' || c == '\t'
                || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f),
            "no control character gets into a response");
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;
       ++at)
    ++lines;
  require(lines == whole.head.head.fields.size() + 3,
          "a field is a line and nothing else is");
}

const clearance::test::fuzzer registered{"cgi_head", run};

} // namespace

} // namespace cgi_head_fuzzer
