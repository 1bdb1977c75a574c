#include "protocol/post_receive.hpp"
#include "test/fuzz/fuzz.hpp"

using namespace clearance::protocol;
using clearance::test::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto line = clearance::test::as_text(data, size);
  const auto x = parse_ref_update(line);
  if (!x)
    return 0;
  require(x->old_id + ' ' + x->new_id + ' ' + x->ref == line,
          "a line is its three words");
  if (fate_of_old_tip(*x) != old_tip::kept) {
    require(!is_null_id(x->old_id), "what is lost was there");
    require(backup_ref(*x, {}).ends_with("/19700101T000000Z-"
                                         + x->old_id.substr(0, 12)),
            "a backup is named after what it keeps");
  }
  return 0;
}
