#include "protocol/guard/unix_sockets.hpp"

#include "test/fuzz/fuzz.hpp"

#include <algorithm>

namespace unix_sockets_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  auto paths = reachable_sockets(text);
  for (const auto& x : paths) {
    require(x.starts_with('/'), "a path is absolute");
    require(x.find('\n') == std::string::npos, "a path is of one line");
    require(text.find(' ' + x) != std::string::npos, "a path stands there");
  }
  std::sort(paths.begin(), paths.end());
  require(std::adjacent_find(paths.begin(), paths.end()) == paths.end(),
          "each path stands once");
}

const clearance::test::fuzzer registered{"unix_sockets", run};

} // namespace

} // namespace unix_sockets_fuzzer
