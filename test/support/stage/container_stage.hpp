/// Containers and their supervisor on scripted hosts.
#pragma once

#include "actors/supervisor/container.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "test/support/stage/actor_fixture.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace clearance::test {

/// A double of the HTTP port: binds nothing.
class dummy_http_host final : public actors::http_host {
public:
  caf::expected<std::unique_ptr<actors::http_listener>>
  listen_http(const actors::http_listen_spec& spec,
              actors::request_owner owner) override;

  std::string refuse;                         ///< why nobody can listen
  std::vector<actors::http_listen_spec> open; ///< in order of opening

private:
  class listening;
};

/// A double of what containers need beside: no directory, no process.
class dummy_container_host final : public actors::container_host {
public:
  std::string make_private(const std::string& path) override;
  actors::watched watch(pid_t pid, actors::process_watcher owner) override;

  /// The process ends; whoever watches it is told.
  void end(pid_t pid);

  std::string refuse;            ///< why no directory can be made
  bool gone = false;             ///< there is no process any more
  bool ran_out = false;          ///< no process can be watched for now
  std::vector<std::string> made; ///< directories
  std::map<pid_t, actors::process_watcher> watches;

private:
  class watching;
};

struct container_stage : actor_fixture {
  dummy_http_host http;
  dummy_container_host containers;

  /// With a gate, below /run/t; ids begin with "0123456789ab" unless named.
  static protocol::sidecar sidecar(const std::string& name,
                                   const std::string& id = "0123456789abcdef");
  static actors::sidecar_ptr
  sidecar_of(const std::string& name,
             const std::string& id = "0123456789abcdef");

  static std::shared_ptr<const actors::container_surroundings> around();

  /// On these hosts, with around(); nobody watches.
  actors::container_config container_config(actors::sidecar_ptr sidecar);
  actors::supervisor_config supervisor_config();

  ~container_stage();
  container_stage() = default;
};

} // namespace clearance::test
