#include "services/gate/sandbox.hpp"

#include "actors/base/log.hpp"
#include "actors/io/gate/hook_files.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

std::string directory_of(const std::string& path) {
  return std::filesystem::path{path}.parent_path().string();
}

// The path without links; empty: there is no such file.
std::string real_path(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::canonical(path, error);
  return error ? std::string{} : result.string();
}

path_rule repositories(const gate_options& options, const std::string& root) {
  if (!options.grants_file.empty())
    return {root, path_access::modify, true};
  if (auto path = real_path(root + "/" + options.scope + ".git"); !path.empty())
    return {path, path_access::modify, true};
  log(actors::severity::warning, "gate",
      "the repository is not there yet: requests get 404 until it is there, "
      "and "
      "git may change the other repositories beside it until the gate is "
      "started "
      "again",
      {{"scope", options.scope}});
  return {root, path_access::modify, true};
}

// Relative entries are left out: they name another directory in each
// repository.
void append_search_path(std::vector<path_rule>& paths_allowed,
                        std::string_view path) {
  while (!path.empty()) {
    const auto end = path.find(':');
    const auto entry = path.substr(0, end);
    if (entry.starts_with('/') && entry.find_first_not_of('/') != entry.npos)
      paths_allowed.push_back({std::string{entry}, path_access::run});
    path.remove_prefix(end == path.npos ? path.size() : end + 1);
  }
}

} // namespace

sandbox_plan plan_gate(const gate_options& options,
                       const actors::gate_config& config,
                       const std::string& metrics_directory) {
  const auto& cgi = config.backend.cgi;
  std::vector<path_rule> paths_allowed{
      repositories(options, cgi.project_root),
      {cgi.home, path_access::read, true},
      // The hooks that --install-hooks writes run this program. Its directory,
      // because an upgrade puts another file in the program's place.
      {directory_of(real_path("/proc/self/exe")), path_access::run},
  };
  if (options.home.empty()) // it is removed at the end
    paths_allowed.push_back({directory_of(cgi.home), path_access::discard});
  if (!options.hooks_path.empty()) {
    paths_allowed.push_back({cgi.hooks_path, path_access::run, true});
    for (auto& directory : io::hook_program_directories(cgi.hooks_path))
      paths_allowed.push_back({std::move(directory), path_access::run});
  }
  if (!cgi.tmpdir.empty()) {
    paths_allowed.push_back({cgi.tmpdir, path_access::modify, true});
    paths_allowed.push_back({directory_of(cgi.tmpdir), path_access::discard});
  }
  if (!options.grants_file.empty()) // the file itself may be replaced
    paths_allowed.push_back(
        {io::socket_directory(options.grants_file), path_access::read});
  for (const auto& program :
       {config.backend.program, real_path(config.backend.program)})
    if (!program.empty())
      paths_allowed.push_back({directory_of(program), path_access::run});
  append_search_path(paths_allowed, cgi.path.value_or(""));
  if (!metrics_directory.empty())
    paths_allowed.push_back({metrics_directory, path_access::sockets, true});
  if (config.listen.path.empty())
    return gate_sandbox(std::move(paths_allowed), gate_transport::tcp);
  auto directory = io::socket_directory(config.listen.path);
  if (auto why = io::make_private_directory(directory); !why.empty())
    throw setup_fault(exit_failed, io::bind_fault(config.listen.path,
                                                  config.listen.role, why));
  paths_allowed.push_back({directory, path_access::sockets, true});
  return gate_sandbox(std::move(paths_allowed), gate_transport::unix_socket);
}

} // namespace clearance::services
