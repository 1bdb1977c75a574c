#include "protocol/gate/direct_service.hpp"

#include "protocol/gate/limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace direct_service_tests {

using namespace clearance::protocol;

namespace {

const std::string no_cache =
    "Expires: Fri, 01 Jan 1980 00:00:00 GMT\r\nPragma: no-cache\r\n"
    "Cache-Control: no-cache, max-age=0, must-revalidate\r\n";

cgi_config mirrors() {
  cgi_config result;
  result.project_root = "/m";
  return result;
}

std::optional<direct_service> service_of_request(std::string_view target,
                                                 cgi_request request = {}) {
  const auto route = parse_git_route(target);
  REQUIRE(route);
  return direct_service_for(mirrors(), request, *route);
}

cgi_request posts(std::string_view type,
                  std::optional<std::uint64_t> length = 5) {
  cgi_request result;
  result.content_type = type;
  result.content_length = length;
  return result;
}

constexpr std::string_view fetch_type = "application/x-git-upload-pack-request";
constexpr std::string_view push_type = "application/x-git-receive-pack-request";
constexpr std::string_view fetch = "/r.git/git-upload-pack";
constexpr std::string_view push = "/r.git/git-receive-pack";
constexpr std::string_view fetch_refs =
    "/r.git/info/refs?service=git-upload-pack";
constexpr std::string_view push_refs =
    "/r.git/info/refs?service=git-receive-pack";

} // namespace

TEST_CASE("refs are shown behind a packet that names the service") {
  const auto x = service_of_request(fetch_refs);
  REQUIRE(x);
  CHECK_EQ(x->repository, "/m/r.git");
  CHECK_EQ(x->argv,
           std::vector<std::string>{"git", "upload-pack",
                                    "--http-backend-info-refs", "/m/r.git"});
  CHECK_EQ(x->preamble,
           no_cache
               + "Content-Type: application/x-git-upload-pack-advertisement"
                 "\r\n\r\n001e# service=git-upload-pack\n0000");
  CHECK_FALSE(x->body_first);
  const auto pushing = service_of_request(push_refs);
  REQUIRE(pushing);
  CHECK_EQ(pushing->argv[1], "receive-pack");
  CHECK(pushing->preamble.ends_with("receive-pack-advertisement\r\n\r\n"
                                    "001f# service=git-receive-pack\n0000"));
}

TEST_CASE("version 2 has no such packet") {
  for (std::string_view header :
       {"version=2", "version=1:version=2", "a:version=2:b", ":version=2"}) {
    CAPTURE(header);
    cgi_request request;
    request.git_protocol = header;
    CHECK(service_of_request(fetch_refs, request)
              ->preamble.ends_with("advertisement\r\n\r\n"));
    CHECK(service_of_request(push_refs, request)
              ->preamble.ends_with("advertisement\r\n\r\n"));
  }
  for (std::string_view header :
       {"", "version=1", "version=0", "version=22", "version=2 ", "Version=2",
        "xversion=2", "version=", ":", "::"}) {
    CAPTURE(header);
    cgi_request request;
    request.git_protocol = header;
    CHECK(service_of_request(fetch_refs, request)->preamble.ends_with("0000"));
  }
}

TEST_CASE("a fetch and a push are answered by the service alone") {
  const auto fetching = service_of_request(fetch, posts(fetch_type));
  REQUIRE(fetching);
  CHECK_EQ(fetching->argv,
           std::vector<std::string>{"git", "upload-pack", "--stateless-rpc",
                                    "/m/r.git"});
  CHECK_EQ(fetching->preamble,
           no_cache
               + "Content-Type: application/x-git-upload-pack-result\r\n\r\n");
  CHECK(fetching->body_first); // as git http-backend, which reads it before
  const auto pushing = service_of_request(push, posts(push_type));
  REQUIRE(pushing);
  CHECK_EQ(pushing->argv[1], "receive-pack");
  CHECK_EQ(pushing->preamble,
           no_cache
               + "Content-Type: application/x-git-receive-pack-result\r\n\r\n");
  CHECK_FALSE(pushing->body_first);
  CHECK(service_of_request(push, posts(push_type, std::nullopt)));
}

TEST_CASE("the environment is that of git http-backend's children") {
  auto request = posts(push_type);
  request.git_protocol = "version=1";
  auto expected = cgi_environment(mirrors(), request);
  expected.insert(expected.end(),
                  {"GIT_PROTOCOL=version=1", "GIT_COMMITTER_NAME=token",
                   "GIT_COMMITTER_EMAIL=token@http.(none)"});
  CHECK_EQ(service_of_request(push, request)->environment, expected);
  const auto without = service_of_request(fetch_refs);
  for (const auto& entry : without->environment)
    CHECK_FALSE(entry.starts_with("GIT_PROTOCOL="));
}

TEST_CASE("the rest is for git http-backend") {
  constexpr auto bound = gate_limits::direct_fetch_body_max_bytes;
  CHECK_FALSE(service_of_request("/r.git/HEAD"));
  CHECK_FALSE(service_of_request("/r.git/info/refs"));
  CHECK_FALSE(service_of_request(fetch, posts(push_type)));
  CHECK_FALSE(service_of_request(fetch, posts("")));
  CHECK_FALSE(service_of_request(push, posts(fetch_type)));
  CHECK(service_of_request(fetch, posts(fetch_type, bound)));
  CHECK_FALSE(service_of_request(fetch, posts(fetch_type, bound + 1)));
  CHECK_FALSE(service_of_request(fetch, posts(fetch_type, std::nullopt)));
  for (std::string_view encoding : {"gzip", "x-gzip", "identity"}) {
    auto request = posts(push_type);
    request.content_encoding = encoding;
    CHECK_FALSE(service_of_request(push, request));
  }
}

} // namespace direct_service_tests
