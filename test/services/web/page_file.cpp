#include "services/web/page_file.hpp"

#include "protocol/web/limits.hpp"
#include "services/web/request_reader.hpp"

#include <doctest/doctest.h>

namespace web_page_tests {

using namespace clearance::services;

namespace {

std::string_view between(std::string_view text, std::string_view begin,
                         std::string_view end) {
  const auto from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("the page is whole, with style and script in it") {
  const auto page = make_web_page();
  CHECK(page.text.starts_with("<!doctype html>\n<html lang=\"en\">"));
  CHECK(page.text.ends_with("</html>\n"));
  CHECK(between(page.text, "<style>", "</style>") == page_style);
  CHECK(between(page.text, "<script>", "</script>") == page_script);
  CHECK_FALSE(has(page.text, "@style@"));
  CHECK_FALSE(has(page.text, "@script@"));
}

TEST_CASE("the page is below 60 KiB in all") {
  CHECK(make_web_page().text.size() < 60 * 1024);
}

TEST_CASE("the page loads nothing, and makes no markup of text") {
  for (const auto* word :
       {"http:", "https:", "src=", "@import", "url(", "<link",
        "style=", " onclick", " onload", "<form", "<iframe", "<img"})
    CHECK_FALSE(has(page_markup, word));
  for (const auto* word : {"@import", "url("})
    CHECK_FALSE(has(page_style, word));
  for (const auto* word :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
        "eval(", "Function(", "http:", "https:", "localStorage", "cookie",
        "setTimeout('", "DOMParser", "importScripts", "WebSocket"})
    CHECK_FALSE(has(page_script, word));
}

TEST_CASE("a request may be cut at every byte") {
  using status = request_reader::status;
  const std::string text =
      "POST /decide HTTP/1.1\r\nHost: h\r\nContent-Length: "
      "3\r\n\r\n{1}GET";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    request_reader reader;
    auto first = text.substr(0, cut);
    auto read = reader.feed(first);
    if (read == status::body)
      read = reader.feed(first);
    auto rest = first + text.substr(cut);
    while (read != status::done && read != status::broken)
      read = reader.feed(rest);
    CHECK(read == status::done);
    CHECK(reader.body() == "{1}");
    CHECK(rest == "GET");
  }
}

TEST_CASE("what is no request, or is too large, is broken") {
  using status = request_reader::status;
  namespace limits = clearance::protocol::web_limits;
  for (const auto& text :
       {std::string{"nonsense\r\n\r\n"}, std::string{"GET / HTTP/1.0\r\n\r\n"},
        std::string{"GET / HTTP/1.1\r\n: x\r\n\r\n"},
        "GET / HTTP/1.1\r\nX: " + std::string(limits::head_max_bytes, 'x'),
        "POST / HTTP/1.1\r\nContent-Length: "
            + std::to_string(limits::body_max_bytes + 1) + "\r\n\r\n"}) {
    request_reader reader;
    auto bytes = text;
    CHECK(reader.feed(bytes) == status::broken);
  }
}

} // namespace web_page_tests
