// Input: a reader's bytes. Every line is read three times: by a parser that has
// read all lines before it, by a new parser, and by simdjson's DOM. All three
// must agree on what is JSON.

#include "protocol/hub/reader_line.hpp"

#include "protocol/base/framing.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/hub/event.hpp"
#include "protocol/text/text.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/support/wire/event_copy.hpp"
#include "test/support/wire/wire_event.hpp"

#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>

namespace reader_line_fuzzer {

namespace {

using namespace clearance;
using protocol::event;
using protocol::event_type;
using test::require;
using outcome = protocol::reader_line_parser::outcome;

void check_text(const std::string& text) {
  require(text.size() <= protocol::limits::text_max_chars,
          "at most 256 characters");
  require(std::all_of(text.begin(), text.end(),
                      [](char c) { return c >= ' ' && c <= '~'; }),
          "printable ASCII");
}

void check_event(const event& x) {
  for (const auto* text :
       {&x.container, &x.request_id, &x.dest, &x.domain, &x.action, &x.reason})
    check_text(*text);
  std::set<std::string> keys;
  for (const auto& [key, value] : x.dossier) {
    check_text(value);
    require(keys.insert(key).second, "each key once");
    require(simdjson::validate_utf8(key.data(), key.size()), "keys are UTF-8");
  }
  require(!x.container.empty(), "a container");
  require(x.type != event_type::verdict_applied, "only we apply verdicts");
  require(x.action.empty() && !x.ok, "only verdicts have an outcome");
  require(x.type == event_type::container_exited || x.reason.empty(),
          "only container_exited has a reason");
  auto blocked = x.type == event_type::connection_blocked;
  require(blocked
              || (x.request_id.empty() && x.dest.empty() && x.port == 0
                  && x.proto == 0 && x.domain.empty()),
          "only connection_blocked has an address");
}

void check_plain(const protocol::event_view& x, outcome what, const event& y) {
  require(what == outcome::complete, "what is plain is complete");
  require(test::owned(x) == y, "the same event, read in the plain way");
  std::string bytes;
  encode(y, bytes);
  std::string unescaped(encoded_size(x), '?');
  encode_unescaped(x, unescaped.data());
  require(bytes == unescaped, "no text of a plain line needs an escape");
}

void check_wire(const event& x) {
  std::string bytes;
  encode(x, bytes);
  require(bytes.back() == '\0', "a NUL at the end");
  bytes.pop_back();
  require(bytes.find('\0') == bytes.npos, "no other NUL");
  auto back = test::wire_event::of_reply(bytes);
  require(back.type == to_string(x.type) && back.container == x.container
              && back.request_id == x.request_id && back.dest == x.dest
              && back.port == x.port && back.proto == x.proto
              && back.domain == x.domain && back.action == x.action
              && back.ok == x.ok && back.reason == x.reason
              && back.dossier == x.dossier,
          "the wire says what the event says");
}

/// The DOM's result; `unsure` if the line is over a limit of the DOM alone.
enum class opinion { object, other, unsure };

opinion dom_says(std::string_view line) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element top;
  if (line.starts_with("\xEF\xBB\xBF"))
    return opinion::unsure; // later versions of simdjson skip a byte order mark
  auto error = parser.parse(line.data(), line.size()).get(top);
  if (error == simdjson::NUMBER_ERROR || error == simdjson::DEPTH_ERROR)
    return opinion::unsure;
  return error == simdjson::SUCCESS && top.is_object() ? opinion::object
                                                       : opinion::other;
}

void check_json(std::string_view line, outcome what,
                const protocol::reader_line_parser& parser) {
  auto begin = line.find_first_not_of(" \t\n\v\f\r");
  auto end = line.find_last_not_of(" \t\n\v\f\r");
  if (begin == line.npos) {
    require(what == outcome::blank, "white space is blank");
    return;
  }
  std::string text{line.substr(begin, end - begin + 1)};
  auto repairs = protocol::repair_json(text);
  require(!parser.repaired() || repairs > 0, "repaired where it is needed");
  auto why = parser.why();
  // simdjson's DOM has other limits, and may skip a byte order mark.
  if (why == "nested too deep" || why.starts_with("a byte order mark"))
    return;
  bool refused = why == "not JSON" || why == "not a JSON object";
  require(refused || parser.repaired() == (repairs > 0),
          "no byte needs a repair and passes without");
  auto dom = dom_says(text);
  require(dom == opinion::unsure || refused == (dom == opinion::other),
          "agreement on what is a JSON object");
}

void run(const std::uint8_t* data, std::size_t size) {
  protocol::frame_batch batch;
  auto framer = protocol::line_framer();
  framer.feed(test::as_text(data, size), batch);
  framer.finish(batch);
  protocol::reader_line_parser parser;
  event x;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto line = batch.at(i);
    protocol::event_view view;
    const auto plain = parser.parse_plain(line, batch.capacity_at(i), view);
    auto what = parser.parse(line, batch.capacity_at(i), x);
    if (plain)
      check_plain(view, what, x);
    require(parser.why().empty() == (what != outcome::malformed),
            "malformed for a reason");
    check_json(line, what, parser);
    protocol::reader_line_parser other;
    event y;
    require(other.parse(std::string{line}, 0, y) == what,
            "the same outcome whatever came before and comes behind");
    if (what != outcome::complete)
      continue;
    require(x == y, "the same event");
    check_event(x);
    check_wire(x);
    require(!other.parse_plain(std::string{line}, 0, view),
            "without padding no line is plain");
  }
}

const test::fuzzer registered{"reader_line", run};

} // namespace

} // namespace reader_line_fuzzer
