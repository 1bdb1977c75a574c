#include "protocol/gate/post_receive.hpp"
#include "test/fuzz/fuzz.hpp"

namespace ref_update_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto line = clearance::test::as_text(data, size);
  const auto x = parse_ref_update(line);
  if (!x)
    return;
  require(x->old_id + ' ' + x->new_id + ' ' + x->ref == line,
          "a line is its three words");
  if (fate_of_old_tip(*x) != old_tip::kept) {
    require(!is_null_id(x->old_id), "what is lost was there");
    require(backup_ref(*x, {}).ends_with("/19700101T000000Z-"
                                         + x->old_id.substr(0, 12)),
            "a backup is named after what it keeps");
  }
}

const clearance::test::fuzzer registered{"ref_update", run};

} // namespace

} // namespace ref_update_fuzzer
