// Input: what `podman ps` prints. Held against a reading of each line by hand.

#include "protocol/supervisor/container_list.hpp"

#include "protocol/supervisor/sidecar.hpp"
#include "test/fuzz/fuzz.hpp"

#include <sstream>
#include <string>

namespace container_list_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const std::string text{clearance::test::as_text(data, size)};
  std::vector<listed_container> wanted;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    const auto id = line.substr(0, 64);
    if (id.size() < 64 || line.size() < 66 || line[64] != ' '
        || id.find_first_not_of("0123456789abcdef") != id.npos
        || !is_container_name(line.substr(65)))
      continue;
    wanted.push_back({id, line.substr(65)});
  }
  require(parse_container_list(text) == wanted,
          "a line is a container exactly if it has an id and a name");
}

const clearance::test::fuzzer registered{"container_list", run};

} // namespace

} // namespace container_list_fuzzer
