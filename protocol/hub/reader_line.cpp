// A line is walked once, member by member. The values of the known keys are
// noted as views, because the last one of a repeated key counts and the type
// may come last. After the walk the event is built from sanitised copies of the
// values that its type uses.
//
//     line --walk--> notes --build--> outcome, event
//        \           ^
//         '--repair--'   only if the walk failed and something can be repaired
//
// A fast reader walks the line first. If it gives up, the strict reader walks
// the line from its beginning. Both have the same result for a line that they
// accept, so a container cannot hide a block by making one of them fail.

#include "protocol/hub/reader_line.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/hub/reader_value.hpp"
#include "protocol/json/keep_last.hpp"
#include "protocol/json/plain_json.hpp"
#include "protocol/json/strict_json.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace clearance::protocol {

namespace {

/// The keys we read, `dossier` apart.
enum key : std::size_t {
  type,
  container,
  id,
  dest,
  port,
  proto,
  domain,
  reason,
  key_count,
};

constexpr std::array<std::string_view, key_count> key_words{
    "type", "container", "id", "dest", "port", "proto", "domain", "reason",
};

/// The length of `word` is known when this is compiled, so the comparison is
/// one of numbers.
bool is_word(std::string_view text, std::string_view word) noexcept {
  return text.size() == word.size()
         && std::memcmp(text.data(), word.data(), word.size()) == 0;
}

void make_empty(std::string& x) noexcept {
  x.clear(); // and keeps its memory
}

void make_empty(std::string_view& x) noexcept {
  x = {};
}

/// key_count: none of them.
template <std::size_t... All>
std::size_t key_of(std::string_view name,
                   std::index_sequence<All...>) noexcept {
  std::size_t result = key_count;
  static_cast<void>(
      ((is_word(name, key_words[All]) && (result = All, true)) || ...));
  return result;
}

} // namespace

struct reader_line_parser::impl {
  plain_json_reader plain_reader;
  std::optional<json_reader> reader{limits::reader_nesting_max_depth};
  std::array<json_item, key_count> notes; // null: the key is missing
  std::vector<std::pair<std::string_view, json_item>> dossier;
  std::string repaired_line;
  std::string unknown_type;
  std::string_view why;
  bool repaired = false;
  // the fast reader walked the line: its texts are printable ASCII
  bool plain = false;
  bool is_cut = false; // a text of the event_view would have to be
  // the event of the line before holds too much memory
  bool kept_too_much = false;

  outcome judge(std::string_view line, std::size_t capacity, event& out);
  void release();
  template <class Reader>
  bool walk(Reader& from, std::string_view line, std::size_t capacity);
  template <class Reader>
  bool note_dossier(Reader& from, typename Reader::value& x);
  template <class Event>
  outcome build(Event& out);
  template <class Event>
  outcome build_blocked(Event& out);
  template <class Event>
  void build_dossier(Event& out);
  template <class Text>
  void build_text(key k, Text& out);
  void assign(std::string& out, std::string_view text) const;
  void assign(std::string_view& out, std::string_view text) noexcept;

  bool has(key k) const noexcept {
    return notes[k].type != json_item::kind::null;
  }

  outcome malformed(std::string_view reason_for_it) noexcept {
    why = reason_for_it;
    return outcome::malformed;
  }
};

/// Notes the values of `line` and validates all of it. False: the reader
/// refused the line.
template <class Reader>
bool reader_line_parser::impl::walk(Reader& from, std::string_view line,
                                    std::size_t capacity) {
  notes.fill({});
  dossier.clear();
  return from.read(
      line, capacity, [&](std::string_view name, typename Reader::value& x) {
        if (is_word(name, "dossier"))
          return note_dossier(from, x);
        const auto known = key_of(name, std::make_index_sequence<key_count>{});
        json_item ignored;
        return from.take(x, known < key_count ? notes[known] : ignored);
      });
}

template <class Reader>
bool reader_line_parser::impl::note_dossier(Reader& from,
                                            typename Reader::value& x) {
  json_item item;
  dossier.clear();
  if (!from.is_object(x))
    return from.take(x, item);
  return from.members(x, [&](std::string_view name, typename Reader::value& y) {
    if (!from.take(y, item))
      return false;
    dossier.emplace_back(name, item);
    return true;
  });
}

template <class Event>
reader_line_parser::outcome reader_line_parser::impl::build(Event& out) {
  auto known =
      has(type) ? reader_event_type(text_of(notes[type])) : std::nullopt;
  if (!known) {
    build_text(type, unknown_type);
    return outcome::unknown;
  }
  out.type = *known;
  build_text(container, out.container);
  if (out.container.empty())
    return malformed("no container");
  for (auto* text :
       {&out.request_id, &out.dest, &out.domain, &out.action, &out.reason})
    make_empty(*text);
  out.port = 0;
  out.proto = 0;
  out.ok = false;
  if (out.type == event_type::container_exited)
    build_text(reason, out.reason);
  build_dossier(out);
  return out.type == event_type::connection_blocked ? build_blocked(out)
                                                    : outcome::complete;
}

template <class Event>
reader_line_parser::outcome
reader_line_parser::impl::build_blocked(Event& out) {
  if (!has(id))
    return malformed("no id");
  if (!has(dest))
    return malformed("no dest");
  auto port_number = integer_of(notes[port]);
  if (!port_number)
    return malformed("port is missing or not a number");
  auto proto_number = integer_of(notes[proto]);
  if (!proto_number)
    return malformed("proto is missing or not a number");
  build_text(id, out.request_id);
  build_text(dest, out.dest);
  build_text(domain, out.domain);
  out.port = *port_number;
  out.proto = *proto_number;
  return outcome::complete;
}

/// Overwrites the existing pairs, so that their strings keep their memory.
template <class Event>
void reader_line_parser::impl::build_dossier(Event& out) {
  keep_last_of_each(dossier, [](const auto& x) { return x.first; });
  out.dossier.resize(dossier.size());
  auto to = out.dossier.begin();
  for (const auto& [name, item] : dossier) {
    to->first = name;
    assign(to->second, text_of(item));
    ++to;
  }
}

template <class Text>
void reader_line_parser::impl::build_text(key k, Text& out) {
  assign(out, has(k) ? text_of(notes[k]) : "");
}

// What the fast reader took is sanitised, except for its length.
void reader_line_parser::impl::assign(std::string& out,
                                      std::string_view text) const {
  if (plain)
    assign_cut(out, text);
  else
    assign_sanitised(out, text);
}

void reader_line_parser::impl::assign(std::string_view& out,
                                      std::string_view text) noexcept {
  is_cut = is_cut || text.size() > limits::text_max_chars;
  out = text;
}

reader_line_parser::outcome
reader_line_parser::impl::judge(std::string_view line, std::size_t capacity,
                                event& out) {
  why = {};
  repaired = false;
  plain = false;
  if (line.empty())
    return outcome::blank;
  plain = walk(plain_reader, line, capacity);
  if (plain)
    return build(out);
  // Some versions of simdjson skip it.
  if (line.starts_with("\xEF\xBB\xBF"))
    return malformed("a byte order mark stands before the object");
  if (walk(*reader, line, capacity))
    return build(out);
  repaired_line.assign(line);
  repaired = repair_json(repaired_line) > 0;
  if (repaired && walk(*reader, repaired_line, 0))
    return build(out);
  return malformed(to_string(reader->why()));
}

/// Gives memory back after a long line. The event belongs to the caller until
/// the next line; its memory is given back then.
void reader_line_parser::impl::release() {
  reader.emplace(limits::reader_nesting_max_depth);
  decltype(dossier){}.swap(dossier);
  std::string{}.swap(repaired_line);
  kept_too_much = true;
}

reader_line_parser::reader_line_parser() : impl_(std::make_unique<impl>()) {
  // nop
}

reader_line_parser::~reader_line_parser() = default;

reader_line_parser::reader_line_parser(reader_line_parser&&) noexcept = default;

reader_line_parser&
reader_line_parser::operator=(reader_line_parser&&) noexcept = default;

reader_line_parser::outcome reader_line_parser::parse(std::string_view line,
                                                      std::size_t capacity,
                                                      event& out) {
  if (impl_->kept_too_much) {
    impl_->kept_too_much = false;
    out = {};
  }
  auto text = trimmed(line);
  auto indent = static_cast<std::size_t>(text.data() - line.data());
  auto result = impl_->judge(text, capacity - std::min(indent, capacity), out);
  if (text.size() > limits::kept_max_bytes)
    impl_->release();
  return result;
}

// A long line's memory is given back by parse().
bool reader_line_parser::parse_plain(std::string_view line,
                                     std::size_t capacity, event_view& out) {
  const auto text = trimmed(line);
  const auto indent = static_cast<std::size_t>(text.data() - line.data());
  auto& all = *impl_;
  all.is_cut = false;
  return text.size() <= limits::kept_max_bytes
         && all.walk(all.plain_reader, text,
                     capacity - std::min(indent, capacity))
         && all.build(out) == outcome::complete && !all.is_cut;
}

std::string_view reader_line_parser::why() const noexcept {
  return impl_->why;
}

const std::string& reader_line_parser::unknown_type() const noexcept {
  return impl_->unknown_type;
}

bool reader_line_parser::repaired() const noexcept {
  return impl_->repaired;
}

} // namespace clearance::protocol
