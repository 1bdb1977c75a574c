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
  if (!route)
    return;
  require(target.starts_with(route->path), "the path is the target's start");
  require(target == route->path
              || target.substr(route->path.size() + 1) == route->query,
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
