#include "protocol/guard/dns_relay.hpp"

#include "protocol/guard/dns_name.hpp"
#include "test/fuzz/fuzz.hpp"

namespace dns_relay_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto message = clearance::test::as_text(data, size);
  const auto x = parse_dns_question(message);
  dns_relay relay;
  const dns_asker who{{127, 0, 0, 1}, 5};
  const time_point now{};
  const auto sent = relay.ask(message, who, 77, now);
  require(sent.has_value() == (x && !x->answer), "a query is passed on");
  if (!x)
    return;
  require(x->name.empty() || is_dns_name(x->name), "a question has a name");
  if (!sent)
    return;
  const auto again = parse_dns_question(*sent);
  require(again && again->bytes == x->bytes, "a query keeps its question");
  require(sent->size() == 12 + x->bytes.size()
              || sent->size() == 12 + x->bytes.size() + 11,
          "and has nothing else but an OPT record");
  auto answer = *sent;
  answer[2] = static_cast<char>(answer[2] | '\x80');
  const auto back = relay.answer(answer, now);
  require(back && back->to == who, "an answer goes to the asker");
  require(parse_dns_question(back->message)->id == x->id, "with his id");
  require(!relay.answer(answer, now), "and once");
}

const clearance::test::fuzzer registered{"dns_relay", run};

} // namespace

} // namespace dns_relay_fuzzer
