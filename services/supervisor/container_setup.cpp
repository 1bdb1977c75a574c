#include "services/supervisor/container_setup.hpp"

#include "actors/base/log.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "actors/io/supervisor/sidecar_file.hpp"
#include "protocol/base/container_id.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "protocol/text/text.hpp"
#include "services/gate/hooks/hook_check.hpp"
#include "services/gate/setup.hpp"
#include "services/process/exit_code.hpp"

#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

namespace clearance::services {

protocol::sidecar load_sidecar(const std::string& path,
                               const std::string& container_id) {
  const auto bad = [&](const protocol::sidecar_fault& x) -> setup_fault {
    return {exit_usage, protocol::escaped(path) + ": " + to_string(x)};
  };
  auto text = io::read_sidecar(AT_FDCWD, path, io::file_trust::any);
  if (auto* unread = std::get_if<io::unread_sidecar>(&text))
    throw bad(unread->why);
  auto& bytes = std::get<std::string>(text);
  auto parsed = protocol::parse_sidecar(bytes);
  protocol::wipe(bytes);
  if (auto* fault = std::get_if<protocol::sidecar_fault>(&parsed))
    throw bad(*fault);
  auto result = std::get<protocol::sidecar>(std::move(parsed));
  result.container_id = container_id;
  if (auto fault = fault_of(result, paths_of(result, container_id)))
    throw bad(*fault);
  return result;
}

std::string own_program() {
  std::error_code error;
  const auto result = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string{} : result.string();
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path{path}.parent_path().string();
}

void make_directories(const std::vector<std::string>& paths) {
  for (const auto& x : paths)
    if (auto why = io::make_private_directory(x, io::open_to_others::close);
        !why.empty())
      throw setup_fault(exit_cannot_start, why);
}

std::string metrics_place(const std::string& where,
                          const std::string& container_id,
                          const std::string& service) {
  if (!where.ends_with('/'))
    return where;
  const auto name =
      protocol::is_container_id(container_id)
          ? container_id.substr(0, protocol::short_container_id_digits)
          : container_id;
  return where + name + (service.empty() ? "" : "-" + service) + ".sock";
}

std::string find_hook_program() {
  auto result = io::find_program("terok-gate");
  if (result.empty())
    log(actors::severity::warning, "gate",
        "terok-gate was not found, so the hooks of gates are not written: what "
        "pushes delete or change is not saved. Install terok-gate beside this "
        "program or on PATH, and start this program again");
  return result;
}

actors::container_surroundings
find_surroundings(const shield_choice& shield, const std::string& selinux_type,
                  gates_here gates) {
  actors::container_surroundings result;
  result.shield = shield.names;
  result.selinux_type = selinux_type;
  if (gates == gates_here::none)
    return result;
  result.path = environment("PATH");
  result.git_exec_path = environment("GIT_EXEC_PATH");
  const auto git = find_git_http_backend();
  result.git_http_backend = git.program;
  result.terok_gate = find_hook_program();
  if (git.program.empty())
    log(actors::severity::warning, "supervisor",
        "every request to a gate will be answered with 500 until this program "
        "is started again",
        {{"why", git.why}});
  else if (!result.terok_gate.empty())
    check_hook_program(result.terok_gate);
  return result;
}

} // namespace clearance::services
