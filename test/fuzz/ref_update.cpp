#include "protocol/gate/push_check.hpp"
#include "test/fuzz/fuzz.hpp"

#include <string>

namespace ref_update_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto line = clearance::test::as_text(data, size);
  if (const auto x = parse_ref_value(line))
    require(std::string(x->id).append(1, ' ').append(x->ref) == line,
            "a ref's line is its two words");
  const auto x = parse_ref_update(line);
  if (!x)
    return;
  require(x->old_id + ' ' + x->new_id + ' ' + x->ref == line,
          "a command's line is its three words");
  push_check check({*x});
  if (!is_null_id(x->old_id)) {
    require(!check.refusal().empty(), "what is not there has no value");
    check.add_existing({x->old_id, x->ref});
  }
  const auto why = check.refusal();
  for (const char c : why)
    require(c >= 0x20 && c <= 0x7e, "a refusal is printable");
  require(check.endangered().size() <= 1, "one command endangers one tip");
}

const clearance::test::fuzzer registered{"ref_update", run};

} // namespace

} // namespace ref_update_fuzzer
