#include "services/operator/public_suffix.hpp"

#ifdef CLEARANCE_PSL
#include <libpsl.h>
#endif

#include <memory>

namespace clearance::services {

#ifdef CLEARANCE_PSL

namespace {

struct free_list {
  void operator()(psl_ctx_t* x) const noexcept { ::psl_free(x); }
};
using list_ptr = std::unique_ptr<psl_ctx_t, free_list>;

// The newer one of the machine's list and libpsl's own. Read once: a hub has a
// sandbox later.
const psl_ctx_t* suffix_list() {
  static const list_ptr result{::psl_latest(nullptr)};
  return result ? result.get() : ::psl_builtin();
}

} // namespace

protocol::public_suffix_test public_suffixes() {
  const auto* list = suffix_list();
  if (list == nullptr)
    return {};
  return [list](const std::string& name) {
    return ::psl_is_public_suffix2(list, name.c_str(),
                                   PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE)
           != 0;
  };
}

bool has_public_suffixes() {
  return suffix_list() != nullptr;
}

#else

protocol::public_suffix_test public_suffixes() {
  return {};
}

bool has_public_suffixes() {
  return false;
}

#endif

} // namespace clearance::services
