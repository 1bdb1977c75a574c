#include "protocol/gate/git_route.hpp"

#include "test/fuzz/fuzz.hpp"

#include <string>

namespace git_route_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto target = clearance::test::as_text(data, size);
  const auto route = parse_git_route(target);
  const auto extra = git_extra_of(target);
  require(!route || extra != git_extra::lfs, "a path is one thing");
  if (!route)
    return;
  const auto start =
      static_cast<std::size_t>(route->path.data() - target.data());
  require(start == 0 || target.substr(0, start).find("://") != target.npos,
          "the path is the target's start, or stands behind a host");
  const auto rest = target.substr(start);
  require(rest == route->path
              || rest.substr(route->path.size() + 1) == route->query,
          "the query is the rest");
  require(is_repository_name(route->repository), "a repository has a name");
  require(
      route->path.starts_with('/' + std::string(route->repository) + ".git/"),
      "the path names the repository and nothing else");
  const auto service = service_of(*route);
  require(service || route->endpoint == git_endpoint::info_refs,
          "every endpoint but info/refs has a service");
  require(!service || route->endpoint != git_endpoint::info_refs
              || route->query == "service=git-upload-pack"
              || route->query == "service=git-receive-pack",
          "info/refs is for exactly two queries");
}

const clearance::test::fuzzer registered{"git_route", run};

} // namespace

} // namespace git_route_fuzzer
