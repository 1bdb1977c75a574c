#include "protocol/gate/git_route.hpp"

#include <doctest/doctest.h>

#include <string>

namespace git_route_tests {

using namespace clearance::protocol;

TEST_CASE("the four endpoints of a repository are found") {
  struct {
    std::string_view target;
    git_endpoint endpoint;
    std::string_view method;
  } const cases[] = {
      {"/a.git/info/refs", git_endpoint::info_refs, "GET"},
      {"/a.git/git-upload-pack", git_endpoint::upload_pack, "POST"},
      {"/a.git/git-receive-pack", git_endpoint::receive_pack, "POST"},
      {"/a.git/HEAD", git_endpoint::head, "GET"},
  };
  for (const auto& x : cases) {
    CAPTURE(x.target);
    for (auto query : {"", "?", "?q=1", "?q?r", "?/b.git/HEAD"}) {
      const auto target = std::string(x.target) + query;
      const auto route = parse_git_route(target);
      REQUIRE(route);
      CHECK_EQ(route->repository, "a");
      CHECK(route->endpoint == x.endpoint);
      CHECK_EQ(route->path, x.target);
      CHECK_EQ(route->query, std::string_view(query).substr(*query ? 1 : 0));
      CHECK_EQ(method_of(route->endpoint), x.method);
    }
  }
}

TEST_CASE("the absolute form is the path in it") {
  for (std::string start : {"http://h", "HTTPS://h:1", "hTTp://[::1]:80"}) {
    CAPTURE(start);
    const auto target = start + "/a.git/info/refs?q";
    const auto route = parse_git_route(target);
    REQUIRE(route);
    CHECK_EQ(route->path, "/a.git/info/refs");
    CHECK_EQ(route->query, "q");
    CHECK_EQ(route->repository, "a");
  }
}

TEST_CASE("what other servers have is known by its path") {
  for (auto target :
       {"/a.git/info/lfs/objects/batch", "/a.git/info/lfs/locks/verify",
        "/a.git/info/lfs/?x", "http://h/a.git/info/lfs/objects/batch"})
    CHECK(git_extra_of(target) == git_extra::lfs);
  for (auto target : {"/a.git/git-upload-archive", "/a.git/git-upload-archive?",
                      "/a.git/info/refs?service=git-upload-archive"})
    CHECK(git_extra_of(target) == git_extra::archive);
  for (auto target :
       {"", "/", "/a.git", "/a.git/", "/a.git/HEAD", "/.git/info/lfs/x",
        "/a/info/lfs/x", "/a.git/info/lfs", "/a.git/info/lfsx/",
        "/x/a.git/info/lfs/x", "/a b.git/info/lfs/x", "//info/lfs/x",
        "/a.git/git-upload-archive/",
        "/a.git/info/refs?service=git-upload-pack",
        "/a.git/git-upload-pack?service=git-upload-archive"})
    CHECK(git_extra_of(target) == git_extra::none);
}

TEST_CASE("a repository's name is what stands before the last .git") {
  for (auto name : {"a", "A.b_c-9", "a.git", ".", "..", "-x", "0"}) {
    CAPTURE(name);
    const auto target = '/' + std::string(name) + ".git/HEAD";
    const auto route = parse_git_route(target);
    REQUIRE(route);
    CHECK_EQ(route->repository, name);
    CHECK(is_repository_name(name));
  }
}

TEST_CASE("everything else has no route") {
  for (auto target : {
           "",
           "/",
           "?",
           "*",
           "a.git/HEAD",
           "/.git/HEAD",
           "/a.git",
           "/a.git/",
           "/a.git/config",
           "/a.git/info/refs/",
           "/a.git//info/refs",
           "/a.git/info//refs",
           "/a.git/info/REFS",
           "/a.git/head",
           "/a.git/objects/info/packs",
           "/a.git/objects/pack/pack-1.pack",
           "/a.git/info/refs%3f",
           "/a.git/info%2frefs",
           "/a%2egit/HEAD",
           "//a.git/HEAD",
           "/x/a.git/HEAD",
           "/../a.git/HEAD",
           "/a/HEAD",
           "/a.git/../b.git/HEAD",
           "/a.git/HEAD#x",
           "/a.git/HEAD;x",
           "/a b.git/HEAD",
           "/a\x80.git/HEAD",
           "/a~.git/HEAD",
           "http://",
           "http:///a.git/HEAD",
           "http://host",
           "http://host?/a.git/HEAD",
           "http://host#/a.git/HEAD",
           "http://user@host/a.git/HEAD",
           "http:/a.git/HEAD",
           "ftp://host/a.git/HEAD",
           "http://host//a.git/HEAD",
           "/a.git/git-upload-archive",
           "/?/a.git/HEAD",
       }) {
    CAPTURE(target);
    CHECK_FALSE(parse_git_route(target));
  }
  for (auto name : {"", "a/b", "a b", "a%", "\xc3\xa4", "a\n"})
    CHECK_FALSE(is_repository_name(name));
  CHECK_FALSE(is_repository_name(std::string_view("a\0b", 3)));
}

TEST_CASE("every byte but the name's own makes a name no name") {
  for (int c = 0; c < 256; ++c) {
    const std::string name{'a', static_cast<char>(c), 'b'};
    const bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z') || c == '.' || c == '_'
                    || c == '-';
    CHECK_EQ(is_repository_name(name), ok);
  }
}

// charmbracelet's soft-serve let a receive-pack through that was asked for in
// a second parameter; git http-backend serves any other info/refs as a file
// that lists what transfer.hideRefs hides.
TEST_CASE(
    "info/refs is for a service that is asked for in exactly git's words") {
  auto service = [](std::string target) {
    return service_of(*parse_git_route(target));
  };
  CHECK(service("/a.git/info/refs?service=git-upload-pack")
        == git_service::upload_pack);
  CHECK(service("/a.git/info/refs?service=git-receive-pack")
        == git_service::receive_pack);
  for (auto query : {
           "",
           "?",
           "?service",
           "?service=",
           "?service=git-upload-archive",
           "?service=upload-pack",
           "?service=git-upload-pack&x=1",
           "?x=1&service=git-upload-pack",
           "?service=git-upload-pack&",
           "?&service=git-upload-pack",
           "?service=git-upload-pack#x",
           "?service=git-upload-pack&service=git-receive-pack",
           "?Service=git-upload-pack",
           "?service=git%2dupload-pack",
           "?service=git-upload-pack ",
           "??service=git-upload-pack",
       }) {
    CAPTURE(query);
    CHECK_FALSE(service(std::string("/a.git/info/refs") + query));
  }
}

TEST_CASE("the other endpoints are for their service whatever the query") {
  for (std::string query : {"", "?service=git-upload-pack"}) {
    CHECK(service_of(*parse_git_route("/a.git/git-receive-pack" + query))
          == git_service::receive_pack);
    CHECK(service_of(*parse_git_route("/a.git/git-upload-pack" + query))
          == git_service::upload_pack);
    CHECK(service_of(*parse_git_route("/a.git/HEAD" + query))
          == git_service::upload_pack);
  }
}

} // namespace git_route_tests
