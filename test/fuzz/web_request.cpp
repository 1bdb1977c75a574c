// Input: `METHOD TARGET`, then fields, one on each line: `name: value`, then an
// empty line and the body of the call.

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/utf8.hpp"
#include "protocol/web/body.hpp"
#include "protocol/web/request.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>

namespace web_request_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

constexpr std::string_view host = "127.3.1.4:4567";

std::string_view take_line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void check_body(std::string_view text) {
  const auto body = parse_web_body(text);
  if (!body)
    return;
  require(body->revision >= 0, "a revision is no negative number");
  require(body->reason.size() <= client_limits::typed_text_max_bytes,
          "a reason is bounded");
  for (std::size_t i = 0; i < body->reason.size();) {
    const auto unit = utf8_at(body->reason, i);
    require(unit.well_formed && unit.code_point >= 0x20,
            "a reason is one line of UTF-8");
    i += unit.length;
  }
}

void run(const std::uint8_t* data, std::size_t size) {
  const auto all = clearance::test::as_text(data, size);
  const time_point now{};
  web_tokens tokens;
  const web_random random{}; // its digits are all 0
  const auto bearer = tokens.trade(tokens.issue(random, {}), random, now);
  web_request_head head;
  auto rest = all;
  const auto first = take_line(rest);
  const auto space = std::min(first.find(' '), first.size());
  head.start(first.substr(0, space),
             first.substr(std::min(space + 1, first.size())));
  for (auto line = take_line(rest); !line.empty(); line = take_line(rest)) {
    const auto colon = std::min(line.find(": "), line.size());
    head.add(line.substr(0, colon),
             line.substr(std::min(colon + 2, line.size())));
  }
  check_body(rest);
  const auto judged = head.judge(host, tokens, now);
  const auto has = [&](std::string_view text) {
    return all.find(text) != std::string_view::npos;
  };
  if (const auto* why = std::get_if<web_refusal>(&judged)) {
    require((why->status == 403 || why->status == 404) && !why->why.empty(),
            "a refusal has a status and says why");
    require(why->status == 403 || has(host),
            "nothing is said about paths to another host");
    return;
  }
  const auto call = std::get<web_call>(judged);
  require(has(host), "what is answered names our host");
  if (call == web_call::page)
    return;
  require(has("same-origin") && has(": http://127.3.1.4:4567"),
          "a call comes from our page");
  require(call == web_call::session || has("Bearer " + *bearer),
          "a call has the bearer token");
}

const clearance::test::fuzzer registered{"web_request", run};

} // namespace

} // namespace web_request_fuzzer
