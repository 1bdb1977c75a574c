#include "test/support/stage/container_stage.hpp"

#include "actors/base/error.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace clearance::test {

class dummy_http_host::listening final : public actors::http_listener {
public:
  listening(dummy_http_host& all, const actors::http_listen_spec& spec)
      : all_(all), where_(spec.path + spec.address) {
    all_.open.push_back(spec);
  }
  ~listening() override {
    std::erase_if(all_.open, [this](const auto& x) {
      return x.path + x.address == where_;
    });
  }
  std::uint64_t refused() const noexcept override { return 0; }
  std::string where() const override { return where_; }

private:
  dummy_http_host& all_;
  std::string where_;
};

caf::expected<std::unique_ptr<actors::http_listener>>
dummy_http_host::listen_http(const actors::http_listen_spec& spec,
                             actors::request_owner) {
  if (!refuse.empty())
    return make_error(actors::errc::bind_failed, refuse);
  std::unique_ptr<actors::http_listener> result =
      std::make_unique<listening>(*this, spec);
  return result;
}

class dummy_container_host::watching final : public actors::process_watch {
public:
  watching(dummy_container_host& all, pid_t pid) : all_(all), pid_(pid) {}
  ~watching() override { all_.watches.erase(pid_); }

private:
  dummy_container_host& all_;
  pid_t pid_;
};

std::string dummy_container_host::make_private(const std::string& path) {
  if (refuse.empty())
    made.push_back(path);
  return refuse;
}

actors::watched dummy_container_host::watch(pid_t pid,
                                            actors::process_watcher owner) {
  if (gone)
    return {nullptr, true, {}, false};
  if (ran_out)
    return {nullptr, false, "Too many open files", true};
  watches[pid] = std::move(owner);
  return {std::make_unique<watching>(*this, pid), false, {}, false};
}

void dummy_container_host::end(pid_t pid) {
  caf::anon_send(watches.at(pid), actors::process_gone{pid});
}

protocol::sidecar container_stage::sidecar(const std::string& name,
                                           const std::string& id) {
  protocol::sidecar result;
  result.container_name = name;
  result.runtime_dir = "/run/t/sandbox";
  result.container_id = id;
  result.gate.emplace();
  result.gate->base_path = "/srv/mirrors";
  result.gate->project_id = "r";
  result.gate->token = protocol::secret{"the-token"};
  return result;
}

actors::sidecar_ptr container_stage::sidecar_of(const std::string& name,
                                                const std::string& id) {
  return std::make_shared<protocol::sidecar>(sidecar(name, id));
}

std::shared_ptr<const actors::container_surroundings>
container_stage::around() {
  auto result = std::make_shared<actors::container_surroundings>();
  result->shield = "/bin/terok-shield";
  result->git_http_backend = "/bin/git-http-backend";
  return result;
}

actors::container_config
container_stage::container_config(actors::sidecar_ptr sidecar) {
  return {&io, &http, &containers, std::move(sidecar), around()};
}

actors::supervisor_config container_stage::supervisor_config() {
  return {&io, &http, &containers, nullptr, around()};
}

// Their listeners and watches look into members of this class.
container_stage::~container_stage() {
  end_hosted();
}

} // namespace clearance::test
