// `terok-guard reader`: reads what a firewall blocks that somebody else has
// made, such as terok-shield's. A hook of the container engine starts it.

#include "protocol/guard/annotations.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/engine.hpp"
#include "services/guard/firewall.hpp"
#include "services/guard/guard.hpp"
#include "services/guard/guarding.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

constexpr std::size_t short_id_chars = 12;

// The hub of one container. Source: clearance.md, section 1; older supervisors
// have a socket where newer ones have a directory.
std::string hub_of_container(const std::string& id) {
  const auto path =
      runtime_directory() + "/terok/events/" + id.substr(0, short_id_chars);
  const auto newer = path + "/ingester.sock";
  return ::access(newer.c_str(), F_OK) == 0 ? newer : path + ".sock";
}

std::string hub_for(const guard_reader& call) {
  if (call.emit == guard_emit::json || !call.hub.empty()
      || call.container_id.empty())
    return socket_of_hub(call.hub, call.emit);
  return hub_of_container(call.container_id);
}

// Faulty annotations must not keep a container from being read.
protocol::dossier dossier_in(const std::string& annotations) {
  if (annotations.empty())
    return {};
  if (auto x = protocol::parse_annotations(annotations))
    return std::move(*x);
  say("the annotations are ignored, they are no JSON object that can be used");
  return {};
}

guarded_process process_in(const guard_reader& call) {
  const auto found = find_engine_container(
      "podman", call.container_id.empty() ? call.container : call.container_id);
  if (const auto* why = std::get_if<std::string>(&found))
    throw setup_fault(exit_failed, *why);
  const auto pid = std::get<engine_container>(found).pid;
  auto opened = open_process(pid);
  if (const auto* why = std::get_if<std::string>(&opened))
    throw setup_fault(exit_failed,
                      "process " + std::to_string(pid) + ' ' + *why);
  return std::move(std::get<guarded_process>(opened));
}

// Takes `meta_path` out: it is for us, and no fact about the container.
std::string take_meta_path(protocol::dossier& from) {
  const auto at = std::find_if(from.begin(), from.end(), [](const auto& x) {
    return x.first == "meta_path";
  });
  if (at == from.end())
    return {};
  auto result = std::move(at->second);
  from.erase(at);
  return result;
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

int read_blocks(const guard_reader& call) {
  require_descriptors();
  auto signals = block_stop_signals();
  if (!signals)
    throw setup_fault(exit_failed, "signals: " + error_text(errno));
  const auto process = process_in(call);
  auto opened = work_in_namespaces(process, []() -> work_result {
    // Names stand in dnsmasq's log, too.
    auto socket = open_nflog(nflog_answers::if_free);
    if (auto* fault = std::get_if<nflog_fault>(&socket))
      return {std::move(fault->why), {}};
    return {{}, std::move(std::get<io::unique_fd>(socket))};
  });
  if (!opened.fault.empty() || !opened.fd)
    throw setup_fault(exit_failed, opened.fault);
  reader_config config;
  config.container = call.container;
  config.dossier = dossier_in(call.annotations);
  config.meta_path = take_meta_path(config.dossier);
  config.name_log = call.state_directory + "/dnsmasq.log";
  config.hub = hub_for(call);
  config.nflog = opened.fd.get();
  config.pidfd = process.pidfd.get();
  std::vector<path_rule> readable{{call.state_directory}};
  if (config.meta_path.starts_with('/'))
    readable.push_back({directory_of(config.meta_path)});
  give_up_rights(config.hub, std::move(readable));
  say("reading the blocks of the container " + call.container + ", process "
      + std::to_string(process.pid));
  const auto end = block_reader(config).run(signals.get());
  return end == reader_end::failed ? exit_failed : exit_ok;
}

} // namespace

int run_guard_reader(const guard_reader& call) {
  return read_blocks(call);
}

} // namespace clearance::services
