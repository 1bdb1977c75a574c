#include "protocol/gate/cgi.hpp"

#include "protocol/gate/limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace cgi_tests {

using namespace clearance::protocol;
using outcome = cgi_head_parser::outcome;

namespace {

struct parsed {
  outcome what = outcome::need_more;
  std::size_t consumed = 0; // of all bytes
  cgi_head head;
};

// In pieces of `step` bytes.
parsed parse(std::string_view bytes, std::size_t step) {
  cgi_head_parser parser;
  parsed result;
  while (result.what == outcome::need_more && result.consumed < bytes.size()) {
    const auto [what, n] = parser.feed(bytes.substr(result.consumed, step));
    result.what = what;
    result.consumed += n;
  }
  result.head = parser.take();
  return result;
}

const std::string usual = "Status: 404 Not Found\r\nExpires: x\r\n"
                          "Cache-Control: no-cache, max-age=0\r\n\r\n";

} // namespace

TEST_CASE("a header block is the same however it is cut") {
  const auto bytes = usual + "body";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    CAPTURE(step);
    const auto x = parse(bytes, step);
    CHECK(x.what == outcome::complete);
    CHECK_EQ(x.consumed, usual.size()); // the body's bytes are left
    CHECK_EQ(x.head.head.status, 404);
    CHECK_FALSE(x.head.content_length);
    CHECK(x.head.head.fields
          == http_fields{{"Expires", "x"},
                         {"Cache-Control", "no-cache, max-age=0"}});
  }
  for (std::size_t n = 0; n < usual.size(); ++n)
    CHECK(parse(usual.substr(0, n), n + 1).what == outcome::need_more);
}

TEST_CASE("bare line feeds and missing white space are taken") {
  const auto x = parse("Content-Type:a/b\nX:\t y \n\nz", 64);
  CHECK(x.what == outcome::complete);
  CHECK_EQ(x.head.head.status, 200);
  CHECK(x.head.head.fields == http_fields{{"Content-Type", "a/b"}, {"X", "y"}});
}

TEST_CASE("fields that frame the message are ours") {
  const auto x = parse("Content-Length: 5\r\nConnection: close\r\n"
                       "Transfer-Encoding: chunked\r\nServer: x\r\n"
                       "keep-alive: 1\r\nA: b\r\n\r\n",
                       200);
  CHECK(x.what == outcome::complete);
  CHECK(x.head.content_length == 5);
  CHECK(x.head.head.fields == http_fields{{"A", "b"}});
}

TEST_CASE("what is no header block is malformed") {
  for (std::string_view bytes : {
           "\r\n",
           "\n",
           "no colon\r\n",
           ": no name\r\n",
           "a b: c\r\n",
           "a : b\r\n",
           " a: b\r\n",
           "a: b\rc\r\n",
           "a: \x01\r\n",
           "a: \x7f\r\n",
           "Status: 99\r\n",
           "Status: 100 Continue\r\n",
           "Status: 600\r\n",
           "Status: abc\r\n",
           "Status: 2000\r\n",
           "Status: 200x\r\n",
           "Status: \r\n",
           "Status: -20 OK\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: x\r\n",
           "Content-Length: 1\r\nContent-Length: 1\r\n",
           "fatal: not a git repository\nabc\n",
       }) {
    CAPTURE(bytes);
    CHECK(parse(bytes, bytes.size()).what == outcome::malformed);
    CHECK(parse(bytes, 1).what == outcome::malformed);
  }
  CHECK(parse(std::string_view("a: \0b\r\n", 7), 7).what == outcome::malformed);
}

TEST_CASE("a header block has a bound") {
  const auto filler = [](std::size_t size) {
    return "A: " + std::string(size - 3 - 4, 'x') + "\r\n\r\n";
  };
  for (std::size_t step : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    CHECK(parse(filler(gate_limits::cgi_head_max_bytes), step).what
          == outcome::complete);
    CHECK(parse(filler(gate_limits::cgi_head_max_bytes + 1), step).what
          == outcome::malformed);
    CHECK(
        parse(std::string(gate_limits::cgi_head_max_bytes + 1, 'x'), step).what
        == outcome::malformed);
  }
}

TEST_CASE("the environment holds what gate.md lists and nothing more") {
  cgi_config config;
  config.path = "/bin";
  config.git_exec_path = "/git";
  config.home = "/h";
  config.project_root = "/m";
  config.hooks_path = "/hooks";
  cgi_request request;
  request.path_info = "/a.git/info/refs";
  request.query = "service=git-upload-pack";
  request.method = "GET";
  request.content_type = "t/u";
  request.content_encoding = "gzip";
  request.git_protocol = "version=2";
  request.content_length = 7;
  CHECK_EQ(cgi_environment(config, request),
           std::vector<std::string>{
               "PATH=/bin",
               "GIT_EXEC_PATH=/git",
               "HOME=/h",
               "GIT_CONFIG_NOSYSTEM=1",
               "GIT_NO_REPLACE_OBJECTS=1",
               "TEROK_GATE_LOG_FD=3",
               "GIT_PROJECT_ROOT=/m",
               "GIT_HTTP_EXPORT_ALL=1",
               "PATH_INFO=/a.git/info/refs",
               "QUERY_STRING=service=git-upload-pack",
               "REQUEST_METHOD=GET",
               "CONTENT_TYPE=t/u",
               "SERVER_PROTOCOL=HTTP/1.1",
               "REMOTE_USER=token",
               "CONTENT_LENGTH=7",
               "HTTP_CONTENT_ENCODING=gzip",
               "HTTP_GIT_PROTOCOL=version=2",
               "GIT_CONFIG_COUNT=7",
               "GIT_CONFIG_KEY_0=core.hooksPath",
               "GIT_CONFIG_VALUE_0=/hooks",
               "GIT_CONFIG_KEY_1=receive.autogc",
               "GIT_CONFIG_VALUE_1=false",
               "GIT_CONFIG_KEY_2=gc.auto",
               "GIT_CONFIG_VALUE_2=0",
               "GIT_CONFIG_KEY_3=maintenance.auto",
               "GIT_CONFIG_VALUE_3=false",
               "GIT_CONFIG_KEY_4=transfer.hideRefs",
               "GIT_CONFIG_VALUE_4=refs/terok",
               "GIT_CONFIG_KEY_5=receive.hideRefs",
               "GIT_CONFIG_VALUE_5=refs/replace",
               "GIT_CONFIG_KEY_6=http.maxRequestBuffer",
               "GIT_CONFIG_VALUE_6=16777217",
           });
}

TEST_CASE("what was not given or sent is not in the environment") {
  const auto all = cgi_environment({}, {});
  for (auto name : {"PATH=", "GIT_EXEC_PATH=", "CONTENT_LENGTH=",
                    "HTTP_CONTENT_ENCODING=", "HTTP_GIT_PROTOCOL="})
    for (const auto& entry : all)
      CHECK_FALSE(entry.starts_with(name));
  CHECK_NE(std::find(all.begin(), all.end(), "GIT_CONFIG_VALUE_0=/dev/null"),
           all.end());
}

} // namespace cgi_tests
