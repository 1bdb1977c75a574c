#include "services/tui/key_reader.hpp"

#include "protocol/operator/client_limits.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace key_reader_tests {

using namespace clearance::services;
namespace limits = clearance::protocol::client_limits;
using kind = key::kind;

namespace {

using keys = std::vector<key>;

void be_silent(key_reader& reader, keys& out) {
  while (reader.wait())
    reader.time_out(out);
}

keys read_at_once(const std::string& bytes) {
  key_reader reader;
  keys result;
  reader.feed(bytes, result);
  be_silent(reader, result);
  return result;
}

keys read_byte_by_byte(const std::string& bytes) {
  key_reader reader;
  keys result;
  for (char c : bytes)
    reader.feed({&c, 1}, result);
  be_silent(reader, result);
  return result;
}

/// The same, however the bytes arrive.
keys read(const std::string& bytes) {
  auto result = read_at_once(bytes);
  CHECK(result == read_byte_by_byte(bytes));
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    key_reader reader;
    keys cut;
    reader.feed(bytes.substr(0, i), cut);
    reader.feed(bytes.substr(i), cut);
    be_silent(reader, cut);
    CHECK(cut == result);
  }
  return result;
}

key character(const std::string& text) {
  return {kind::character, text};
}

} // namespace

TEST_CASE("characters are keys, also those of several bytes") {
  CHECK(read("a*\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")
        == keys{character("a"), character("*"), character("\xc3\xa9"),
                character("\xe2\x82\xac"), character("\xf0\x9f\x98\x80")});
}

TEST_CASE("terminals send the same key in several ways") {
  for (const auto* bytes : {"\x1b[A", "\x1bOA"})
    CHECK(read(bytes) == keys{{kind::up, ""}});
  for (const auto* bytes : {"\x1b[B", "\x1bOB"})
    CHECK(read(bytes) == keys{{kind::down, ""}});
  for (const auto* bytes : {"\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"})
    CHECK(read(bytes) == keys{{kind::home, ""}});
  for (const auto* bytes : {"\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"})
    CHECK(read(bytes) == keys{{kind::end, ""}});
  CHECK(read("\x1b[5~\x1b[6~")
        == keys{{kind::page_up, ""}, {kind::page_down, ""}});
  CHECK(read("\r\n\t\x7f\b\x03\x1a\x0c\x15")
        == keys{{kind::enter, ""},
                {kind::enter, ""},
                {kind::tab, ""},
                {kind::backspace, ""},
                {kind::backspace, ""},
                {kind::interrupt_key, ""},
                {kind::suspend_key, ""},
                {kind::redraw_key, ""},
                {kind::clear_line, ""}});
}

TEST_CASE("an unknown sequence is one key without a meaning") {
  for (const auto* bytes :
       {"\x1b[15~", "\x1b[1;5A", "\x1bOP", "\x1b[<0;1;1M", "\x1b[?1;2c"})
    CHECK(read(bytes) == keys{{kind::other, ""}});
}

TEST_CASE("Esc alone is a key when nothing follows") {
  key_reader reader;
  keys got;
  reader.feed("\x1b", got);
  CHECK(got.empty());
  CHECK(reader.wait() == limits::escape_time);
  reader.time_out(got);
  CHECK(got == keys{{kind::escape, ""}});
  CHECK(reader.wait() == std::nullopt);
}

TEST_CASE("a sequence that a slow line cuts is still one key") {
  key_reader reader;
  keys got;
  reader.feed("\x1b", got);
  reader.time_out(got);
  reader.feed("[", got);
  reader.time_out(got);
  reader.feed("A", got);
  CHECK(got == keys{{kind::escape, ""}, {kind::up, ""}});
  // Above all, a pasted text stays a text.
  got.clear();
  for (const auto* bytes : {"\x1b", "[2", "0", "0~a", "x", "\x1b", "[201~"}) {
    reader.feed(bytes, got);
    if (reader.wait() == limits::escape_time)
      reader.time_out(got);
  }
  CHECK(got == keys{{kind::escape, ""}, {kind::paste, "ax"}});
  // An Esc that was a key does not change what comes next.
  got.clear();
  reader.feed("\x1b", got);
  reader.time_out(got);
  reader.feed("a[", got);
  CHECK(got == keys{{kind::escape, ""}, character("a"), character("[")});
}

// A program beside us asks the terminal for a colour: the answer contains the
// letter `a`, which is no consent.
TEST_CASE("what a terminal says is no key, and neither is what follows") {
  for (const std::string bytes : {"\x1b]10;rgb:aaaa/aaaa/aaaa\x1b\\",
                                  "\x1b]52;c;YXhheA==\aa",
                                  "\x1bP1$r0m a\x1b\\ax",
                                  "\x1b_Gi=1;OK a\x1b\\",
                                  "\x1b^ax\x1b\\a",
                                  "\x1bXax\x1b\\a",
                                  "\xc2\x9d"
                                  "a\xc2\x9c"
                                  "a",
                                  "\x1b]ax never ends",
                                  "\x1b[M !a",
                                  "\x1b[Ma\x7f"
                                  "ax",
                                  "\x1b"
                                  "a",
                                  "\x1b[[a",
                                  "\x1b[[Aa",
                                  "\xc2\x9b"
                                  "3xa",
                                  "\xc3"
                                  "a",
                                  "\xe2\x82"
                                  "a",
                                  "\xff"
                                  "a",
                                  "\x1b\x1b[Ax",
                                  "\x1bO5Aa",
                                  "\x1b[<0;1;1Ma"})
    CHECK(read(bytes) == keys{{kind::other, ""}});
}

TEST_CASE("after silence a key is a key again") {
  key_reader reader;
  keys got;
  reader.feed("\x1b]a", got);
  CHECK(reader.wait() == limits::no_key_silence);
  reader.feed("x", got);
  CHECK(got == keys{{kind::other, ""}});
  reader.time_out(got);
  reader.feed("a", got);
  CHECK(got == keys{{kind::other, ""}, character("a")});
  got.clear();
  reader.feed("\xc3"
              "a",
              got);
  CHECK(reader.wait() == limits::no_key_silence);
  reader.time_out(got);
  CHECK(reader.wait() == std::nullopt);
  reader.feed("x", got);
  CHECK(got == keys{{kind::other, ""}, character("x")});
}

TEST_CASE("Ctrl-C counts wherever it comes") {
  const keys expected{{kind::other, ""}, {kind::interrupt_key, ""}};
  for (const auto* bytes :
       {"\x1b[\x03", "\x1bO\x03", "\x1b[M\x03", "\x1b[M a\x03", "\x1b[[\x03",
        "\xe2\x82\x03", "\x1b\x03",
        "\x1b"
        "a\x03",
        "\x1b]a\x03"})
    CHECK(read(bytes) == expected);
}

TEST_CASE("a paste is a paste also behind bytes that are no key") {
  for (const auto* before : {"\x1b]", "\x1bP1", "\xc3", "\x1b[1"})
    CHECK(read(std::string{before} + "\x1b[200~ax\x1b[201~a")
          == keys{{kind::other, ""}});
  CHECK(read("\x1b\x1b[200~ax\x1b[201~") == keys{{kind::paste, "ax"}});
}

TEST_CASE("two Esc are one") {
  CHECK(read("\x1b\x1b") == keys{{kind::escape, ""}});
}

TEST_CASE("a pasted text is never keys") {
  const std::string text = "a\nx\x1b[A\x03q";
  CHECK(read("\x1b[200~" + text + "\x1b[201~j")
        == keys{{kind::paste, text}, character("j")});
  CHECK(read("\x1b[200~\x1b[201~") == keys{{kind::paste, ""}});
}

TEST_CASE("a paste without an end ends by silence") {
  key_reader reader;
  keys got;
  reader.feed("\x1b[200~a\x03xa\x1b[201", got);
  CHECK(got.empty());
  CHECK(reader.wait() == limits::paste_silence);
  CHECK(reader.is_in_text());
  reader.time_out(got);
  CHECK(got == keys{{kind::paste_without_end, ""}});
  CHECK_FALSE(reader.is_in_text());
  reader.feed("j", got);
  CHECK(got.back() == character("j"));
  // What a person presses last in it counts.
  CHECK(read("\x1b[200~aaaa\x03")
        == keys{{kind::paste_without_end, ""}, {kind::interrupt_key, ""}});
}

TEST_CASE("a long paste is cut, and its end is found") {
  const auto max = clearance::protocol::client_limits::typed_text_max_bytes;
  for (std::size_t n : {max, max + 1, 100 * max}) {
    const auto got =
        read_at_once("\x1b[200~" + std::string(n, 'a') + "\x1b[201~x");
    REQUIRE(got.size() == 2);
    CHECK(got[0].text.size() == max);
    CHECK(got[1] == character("x"));
  }
}

TEST_CASE("bytes that are no text have no meaning") {
  CHECK(read("\xff") == keys{{kind::other, ""}});
  CHECK(read("\xe2\x82").empty()); // the rest may come
}

TEST_CASE("a sequence that never ends ends") {
  const auto got = read_at_once("\x1b[" + std::string(1000, '1') + "q");
  REQUIRE_FALSE(got.empty());
  CHECK(got.front().what == kind::other);
}

// Off by default: a report is then no key, and what follows it is ignored.
TEST_CASE("reports of the mouse are keys only where they were asked for") {
  const auto of = [](const std::string& bytes, bool has_mouse) {
    key_reader reader{has_mouse};
    keys out;
    reader.feed(bytes, out);
    return out;
  };
  CHECK(of("\x1b[<0;7;3M\x1b[<0;7;3ma", true)
        == keys{{kind::click, {}, 2}, {kind::character, "a"}});
  CHECK(of("\x1b[<64;1;1M\x1b[<65;300;200M", true)
        == keys{{kind::wheel_up, {}, 0}, {kind::wheel_down, {}, 199}});
  CHECK(of("\x1b[<2;7;3M\x1b[<32;7;3M", true).empty());
  CHECK(of("\x1b[<0;7;3Ma", false) == keys{{kind::other, {}}});
  for (const auto* bytes :
       {"\x1b[<0;0;3Ma", "\x1b[<0;7Ma", "\x1b[<0;7;3;4Ma", "\x1b[<;;Ma",
        "\x1b[<0;7;99999999999999999999999Ma", "\x1b[<M"}) {
    CAPTURE(bytes);
    CHECK(of(bytes, true) == keys{{kind::other, {}}});
  }
}

} // namespace key_reader_tests
