#include "protocol/supervisor/path_fault.hpp"

#include "protocol/text/text.hpp"

#include <string>
#include <string_view>

namespace clearance::protocol {

namespace {

std::optional<sidecar_fault> too_long(const char* field,
                                      const std::string& path) {
  if (path.size() <= socket_path_max_bytes)
    return std::nullopt;
  return sidecar_fault{field, "the socket's path " + escaped(path, 256)
                                  + " is longer than the "
                                  + std::to_string(socket_path_max_bytes)
                                  + " bytes that a socket's path may have"};
}

} // namespace

std::optional<sidecar_fault> fault_of(const sidecar& x,
                                      const container_paths& paths) {
  constexpr std::string_view last = "/sandbox";
  if (!x.runtime_dir.ends_with(last) || x.runtime_dir.size() == last.size())
    return sidecar_fault{
        "runtime_dir",
        "`" + escaped(x.runtime_dir, 128)
            + "` does not end with a directory and `/sandbox`; clients look "
              "for the sockets beside <run>/terok/sandbox"};
  for (const auto* path :
       {&paths.clearance_socket, &paths.reader_socket, &paths.verdict_socket})
    if (auto fault = too_long("runtime_dir", *path))
      return fault;
  return std::nullopt;
}

std::optional<sidecar_fault> gate_fault_of(const sidecar& x,
                                           const container_paths& paths) {
  if (x.gate && x.ipc_mode == sidecar::ipc::socket)
    return too_long("container_name", paths.gate_socket);
  return x.gate_fault;
}

} // namespace clearance::protocol
