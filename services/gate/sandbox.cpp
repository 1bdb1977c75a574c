#include "services/gate/sandbox.hpp"

#include "actors/base/log.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "services/cli/exit_code.hpp"
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

// Where the path leads; empty: nowhere.
std::string real_path(const std::string& path) {
  std::error_code error;
  auto result = std::filesystem::canonical(path, error);
  return error ? std::string{} : result.string();
}

lane repositories(const gate_options& options, const std::string& root) {
  if (!options.grants_file.empty())
    return {root, lane_use::modify, true};
  if (auto path = real_path(root + "/" + options.scope + ".git"); !path.empty())
    return {path, lane_use::modify, true};
  log(actors::severity::warning, "gate",
      "the repository is not there yet: git may change all others, too",
      {{"scope", options.scope}});
  return {root, lane_use::modify, true};
}

// Relative entries mean another directory wherever git stands.
void append_path_lanes(std::vector<lane>& lanes, std::string_view path) {
  while (!path.empty()) {
    const auto end = path.find(':');
    const auto entry = path.substr(0, end);
    if (entry.starts_with('/') && entry.find_first_not_of('/') != entry.npos)
      lanes.push_back({std::string{entry}, lane_use::run});
    path.remove_prefix(end == path.npos ? path.size() : end + 1);
  }
}

} // namespace

confinement_plan plan_gate(const gate_options& options,
                           const actors::gate_config& config) {
  const auto& cgi = config.backend.cgi;
  std::vector<lane> lanes{
      repositories(options, cgi.project_root),
      {cgi.home, lane_use::read, true},
      // The hooks that --install-hooks writes run it.
      {real_path("/proc/self/exe"), lane_use::run},
  };
  if (options.home.empty()) // it is removed at the end
    lanes.push_back({directory_of(cgi.home), lane_use::discard});
  if (!options.hooks_path.empty())
    lanes.push_back({cgi.hooks_path, lane_use::run, true});
  if (!options.grants_file.empty()) // the file itself may be replaced
    lanes.push_back(
        {io::socket_directory(options.grants_file), lane_use::read});
  for (const auto& program :
       {config.backend.program, real_path(config.backend.program)})
    if (!program.empty())
      lanes.push_back({directory_of(program), lane_use::run});
  append_path_lanes(lanes, cgi.path.value_or(""));
  if (config.listen.path.empty())
    return gate_confinement(std::move(lanes), gate_transport::tcp);
  auto directory = io::socket_directory(config.listen.path);
  if (auto why = io::make_private_directory(directory); !why.empty())
    throw setup_fault(exit_failed, io::bind_fault(config.listen.path,
                                                  config.listen.role, why));
  lanes.push_back({directory, lane_use::sockets, true});
  return gate_confinement(std::move(lanes), gate_transport::unix_socket);
}

} // namespace clearance::services
