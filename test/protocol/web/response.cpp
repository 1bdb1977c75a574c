#include "protocol/web/response.hpp"

#include <doctest/doctest.h>

namespace web_response_tests {

using namespace clearance::protocol;

TEST_CASE("every answer forbids to keep, to guess, to frame and to share") {
  for (const auto& x : {web_response("text/html", "hello", "policy 'x'"),
                        web_refused(403), web_stream_head()}) {
    CAPTURE(x);
    for (const auto* field :
         {"Cache-Control: no-store\r\n", "X-Content-Type-Options: nosniff\r\n",
          "Referrer-Policy: no-referrer\r\n",
          "Cross-Origin-Opener-Policy: same-origin\r\n",
          "Cross-Origin-Resource-Policy: same-origin\r\n",
          "Content-Security-Policy: "})
      CHECK(x.find(field) != std::string::npos);
    CHECK(x.find("Access-Control") == std::string::npos);
    CHECK(x.find("Set-Cookie") == std::string::npos);
  }
}

TEST_CASE("a refusal has no body and ends the connection") {
  for (const auto& [status, words] :
       {std::pair{400, "400 Bad Request"}, std::pair{403, "403 Forbidden"},
        std::pair{404, "404 Not Found"},
        std::pair{503, "503 Service Unavailable"}}) {
    const auto x = web_refused(status);
    CHECK(x.starts_with("HTTP/1.1 " + std::string{words} + "\r\n"));
    CHECK(x.find("\r\nContent-Length: 0\r\n") != std::string::npos);
    CHECK(x.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(x.find("\r\n\r\n") == x.size() - 4);
  }
}

TEST_CASE("an answer has its length") {
  const auto x = web_response("application/json", "{\"a\":1}", {});
  CHECK(x.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(x.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(x.ends_with("\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
}

TEST_CASE("a chunk says its length in hexadecimal digits") {
  CHECK(web_chunk("x") == "1\r\nx\r\n");
  const std::string long_one(0x1a2, 'x');
  CHECK(web_chunk(long_one) == "1a2\r\n" + long_one + "\r\n");
}

TEST_CASE("the policy names script and style by their digests") {
  // Source: `printf x | openssl dgst -sha256 -binary | base64`.
  CHECK(base64_text(sha256(""))
        == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  CHECK(base64_text(sha256("abc"))
        == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  const auto policy = web_page_policy(sha256("abc"), sha256(""));
  CHECK(policy
        == "default-src 'none'; "
           "script-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='; "
           "style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
           "connect-src 'self'; base-uri 'none'; form-action 'none'; "
           "frame-ancestors 'none'; require-trusted-types-for 'script'; "
           "trusted-types 'none'");
}

} // namespace web_response_tests
