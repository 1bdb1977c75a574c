// Input: a service's bytes, as clients and the helper executor read them.

#include "protocol/base/framing.hpp"
#include "protocol/hub/event.hpp"
#include "protocol/varlink/message.hpp"
#include "protocol/varlink/shield.hpp"
#include "test/fuzz/fuzz.hpp"

#include <simdjson.h>

#include <set>
#include <string>

namespace varlink_reply_fuzzer {

namespace {

using namespace clearance;
using namespace clearance::protocol::varlink;
using test::require;

void check_notification(const reply& x) {
  require(find(x.parameters, "event") != nullptr, "an event has a parameter");
  std::set<std::string> keys;
  for (const auto& [key, value] : x.notification->dossier)
    require(keys.insert(key).second, "each key once");
  std::string bytes;
  encode(*x.notification, bytes);
  require(bytes.find('\0') == bytes.size() - 1, "one NUL, at the end");
  auto back = parse_reply(std::string_view{bytes}.substr(0, bytes.size() - 1));
  require(std::holds_alternative<reply>(back), "an event that is written");
  const auto& y = std::get<reply>(back);
  require(y.continues && y.error.empty() && y.notification == x.notification,
          "an event that is written reads back");
}

/// A message that is nested too deep and truncated may be refused for both.
void check_reasons(std::string_view a, std::string_view b) {
  auto is_structure = [](std::string_view why) {
    return why == "not JSON" || why == "nested too deep";
  };
  require(!a.empty() && (a == b || (is_structure(a) && is_structure(b))),
          "for the same reason");
}

void check_reply(const reply& x) {
  std::set<std::string> names;
  for (const auto& p : x.parameters)
    require(names.insert(p.name).second, "each parameter once");
  require(simdjson::validate_utf8(x.error), "a name is UTF-8");
  if (x.notification)
    check_notification(x);
  if (const auto abilities = abilities_of(x))
    require(words_of(*abilities).size() <= 3, "only words that are known");
}

void run(const std::uint8_t* data, std::size_t size) {
  protocol::frame_batch batch;
  auto framer = protocol::nul_framer();
  framer.feed(test::as_text(data, size), batch);
  framer.finish(batch); // most inputs have no final NUL
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto x = parse_reply(batch.at(i), batch.capacity_at(i));
    auto y = parse_reply(std::string{batch.at(i)});
    require(x.index() == y.index(), "the same outcome wherever it stands");
    if (auto* bad = std::get_if<malformed>(&x)) {
      check_reasons(bad->why, std::get<malformed>(y).why);
      continue;
    }
    const auto& first = std::get<reply>(x);
    const auto& second = std::get<reply>(y);
    require(first.error == second.error && first.continues == second.continues
                && first.notification == second.notification
                && first.parameters.size() == second.parameters.size(),
            "the same reply");
    check_reply(first);
  }
}

const test::fuzzer registered{"varlink_reply", run};

} // namespace

} // namespace varlink_reply_fuzzer
