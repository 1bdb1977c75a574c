#include "services/gate/hooks/repository_refs.hpp"

#include "protocol/gate/ref_update.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_git.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace clearance::services {

std::string enter_repository(const std::string& path) {
  if (::chdir(path.c_str()) != 0)
    return protocol::error_text(errno);
  // A bare repository is its own git directory, and no other one is looked for.
  ::setenv("GIT_DIR", ".", 1); // NOLINT(concurrency-mt-unsafe)
  return {};
}

listed_refs list_refs(const std::string& pattern) {
  listed_refs result;
  hook_git_call list;
  list.argv = {"for-each-ref",
               "--format=" + std::string(protocol::ref_value_format), pattern};
  list.on_line = [&](std::string_view line) {
    if (const auto x = protocol::parse_ref_value(line))
      result.refs.push_back({std::string(x->ref), std::string(x->id)});
  };
  if (const auto listed = run_hook_git(list); !listed.ok())
    result.why = "cannot read the refs: " + listed.why;
  return result;
}

std::string change_refs(const std::string& transaction) {
  hook_git_call change;
  change.argv = {"update-ref", "--stdin", "-z"};
  change.input = transaction;
  const auto changed = run_hook_git(change);
  return changed.ok() ? std::string{} : changed.why;
}

std::string pack_refs() {
  hook_git_call pack;
  pack.argv = {"pack-refs", "--all"};
  const auto packed = run_hook_git(pack);
  return packed.ok() ? std::string{} : "cannot pack the refs: " + packed.why;
}

std::size_t count_loose_backups(std::size_t most) {
  std::size_t result = 0;
  std::error_code error; // a file may go while we count
  for (std::filesystem::recursive_directory_iterator i("refs/terok", error),
       end;
       !error && i != end && result <= most; i.increment(error))
    result += i->is_regular_file(error) ? 1 : 0;
  return result;
}

} // namespace clearance::services
