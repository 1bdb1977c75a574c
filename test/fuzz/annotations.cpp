#include "protocol/guard/annotations.hpp"

#include "protocol/text/text.hpp"
#include "test/fuzz/fuzz.hpp"

namespace annotations_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto found = parse_annotations(clearance::test::as_text(data, size));
  if (!found)
    return;
  std::string again = "{";
  for (const auto& [name, value] : *found) {
    require(!value.empty(), "an empty value is left out");
    again += again.size() > 1 ? "," : "";
    append_json(again, name);
    again += ':';
    append_json(again, value);
  }
  again += '}';
  const auto read = parse_annotations(again);
  // Bytes that are no UTF-8 become longer when they are written.
  require(again.size() > 16 * 1024 || (read && read->size() <= found->size()),
          "what was read can be written and read");
}

const clearance::test::fuzzer registered{"annotations", run};

} // namespace

} // namespace annotations_fuzzer
