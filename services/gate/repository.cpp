#include "services/gate/repository.hpp"

#include "actors/base/log.hpp"
#include "actors/io/gate/lock_files.hpp"
#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/log.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

namespace clearance::services {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t alternates_max_bytes = 64 * 1024;

/// The repositories of the grants that are there.
std::set<fs::path> repositories_of(const std::string& root,
                                   const std::vector<protocol::grant>& grants) {
  std::set<fs::path> result;
  std::error_code error;
  auto add = [&](const fs::path& path) {
    if (auto real = fs::canonical(path, error); !error)
      result.insert(std::move(real));
  };
  for (const auto& x : grants)
    if (x.scope != "*")
      add(root + '/' + x.scope + ".git");
    else
      for (fs::directory_iterator at(root, error), end; !error && at != end;
           at.increment(error))
        if (at->path().extension() == ".git")
          add(at->path());
  return result;
}

bool is_below(const fs::path& path, const fs::path& directory) {
  const auto relative = path.lexically_relative(directory);
  return !relative.empty() && *relative.begin() != "..";
}

std::string start_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string result(alternates_max_bytes, '\0');
  in.read(result.data(), static_cast<std::streamsize>(result.size()));
  result.resize(static_cast<std::size_t>(in.gcount()));
  return result;
}

} // namespace

void check_scopes(const std::string& root,
                  const std::vector<protocol::grant>& grants) {
  for (const auto& x : grants) {
    std::error_code ignored;
    if (!x.scope.ends_with(".git") || fs::exists(root + '/' + x.scope + ".git")
        || !fs::exists(root + '/' + x.scope, ignored))
      continue;
    const auto meant = x.scope.substr(0, x.scope.size() - 4);
    throw setup_fault(exit_failed, "the scope " + x.scope + " means " + x.scope
                                       + ".git, which is not there; give it "
                                         "without .git: "
                                       + meant);
  }
}

std::vector<std::string> alternates_outside(const std::string& repository,
                                            const std::string& allowed) {
  std::error_code error;
  const fs::path objects = fs::path(repository) / "objects";
  const auto text = start_of(objects / "info/alternates");
  std::vector<std::string> result;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.starts_with('#'))
      continue;
    // A relative path is relative to the objects; an absolute one stays.
    auto path = fs::weakly_canonical(objects / line, error);
    if (error)
      path = (objects / line).lexically_normal();
    if (!is_below(path, allowed))
      result.push_back(path.string());
  }
  return result;
}

void warn_of_alternates(const std::string& root,
                        const std::vector<protocol::grant>& grants,
                        const std::string& allowed) {
  for (const auto& repository : repositories_of(root, grants)) {
    const auto inside = allowed.empty() ? repository.string() : allowed;
    for (const auto& path : alternates_outside(repository.string(), inside))
      log(actors::severity::warning, "gate",
          "the repository borrows objects from outside of the sandbox, where "
          "git cannot read them: clones will fail. Copy them with `git repack "
          "-a -d` in the repository and remove objects/info/alternates, or use "
          "--sandbox off",
          {{"repository", protocol::escaped(repository.string())},
           {"objects", protocol::escaped(path)}});
  }
}

void warn_of_locks(const std::string& root,
                   const std::vector<protocol::grant>& grants) {
  for (const auto& repository : repositories_of(root, grants))
    io::warn_of_locks(repository.string());
}

} // namespace clearance::services
