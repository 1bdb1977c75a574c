#include "actors/supervisor/running_sidecars.hpp"

#include "protocol/text/text.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace clearance::actors {

running_sidecars::running_sidecars(self_type* self,
                                   std::unique_ptr<sidecar_source> files,
                                   std::unique_ptr<container_lister> containers,
                                   sidecar_watcher owner)
    : self_(self),
      files_source_(std::move(files)),
      lister_(std::move(containers)),
      owner_(std::move(owner)) {
  // nop
}

running_sidecars::interface::behavior_type running_sidecars::make_behavior() {
  files_source_->start(caf::actor_cast<sidecar_watcher>(interface{self_}));
  lister_->start(caf::actor_cast<container_list_owner>(interface{self_}));
  return {
      [this](const sidecar_seen& x) { on_seen(x); },
      [this](const sidecar_bad& x) { on_bad(x); },
      [this](const sidecar_gone& x) { on_gone(x); },
      [this](sidecars_read) { on_read(); },
      [this](const sidecars_lost& x) { on_lost(x); },
      [this](const containers_listed& x) { on_listed(x); },
      [this](const containers_unlisted& x) { on_unlisted(x); },
  };
}

// -- files --------------------------------------------------------------------

void running_sidecars::on_seen(const sidecar_seen& x) {
  if (files_.size() >= protocol::supervisor_limits::sidecars_max
      && !files_.contains(x.file))
    return self_->send(
        owner_, sidecar_bad{x.file, {"", "there are too many sidecars"}});
  auto& now = files_[x.file];
  if (now.value && now.digest == x.digest)
    return;
  now.value = x.value;
  now.digest = x.digest;
  if (running_)
    settle(x.file, now);
}

// As the supervisor does it: a mistake in a file ends no services.
void running_sidecars::on_bad(const sidecar_bad& x) {
  self_->send(owner_, x);
}

void running_sidecars::on_gone(const sidecar_gone& x) {
  if (auto node = files_.extract(x.file); node && node.mapped().told)
    self_->send(owner_, x);
}

void running_sidecars::on_read() {
  read_ = true;
  tell_read();
}

void running_sidecars::on_lost(const sidecars_lost& x) {
  self_->send(owner_, x);
}

// -- containers ---------------------------------------------------------------

void running_sidecars::on_listed(const containers_listed& x) {
  const bool first = !running_;
  running_ = x.running;
  for (auto& [file_name, each] : files_)
    if (each.value)
      settle(file_name, each);
  if (first)
    tell_read();
}

void running_sidecars::on_unlisted(const containers_unlisted& x) {
  log(severity::error, "supervisor",
      running_ ? "cannot list the running containers, the last list counts"
               : "cannot list the running containers, none is served",
      {{"why", protocol::escaped(x.why)}, {"again", "yes"}});
}

// The whole id of the container, or an empty text.
std::string running_sidecars::container_of(const protocol::sidecar& x) const {
  const auto it =
      std::find_if(running_->begin(), running_->end(), [&](const auto& each) {
        return x.container_id.empty() ? each.name == x.container_name
                                      : each.id.starts_with(x.container_id);
      });
  return it == running_->end() ? std::string{} : it->id;
}

// A container that was started anew has another process, and one that was made
// anew has another id, whatever the file says. So both come from podman: the id
// as it says, and the process not at all, for podman says when it ends.
void running_sidecars::settle(const std::string& file_name, file& x) {
  const auto container = container_of(*x.value);
  if (container.empty()) {
    if (std::exchange(x.told, {}))
      self_->send(owner_, sidecar_gone{file_name});
    return;
  }
  auto bytes = container;
  bytes.append(x.digest.begin(), x.digest.end());
  const auto digest = protocol::sha256(bytes);
  if (x.told == digest)
    return;
  x.told = digest;
  self_->send(owner_,
              sidecar_seen{file_name,
                           std::make_shared<const protocol::sidecar>(
                               protocol::for_container(*x.value, container)),
                           digest});
}

void running_sidecars::tell_read() {
  if (read_ && running_)
    self_->send(owner_, sidecars_read{});
}

// -- the source ---------------------------------------------------------------

namespace {

class running_source final : public sidecar_source {
public:
  running_source(io_host& io, std::unique_ptr<sidecar_source> files,
                 std::unique_ptr<container_lister> containers)
      : io_(io), files_(std::move(files)), containers_(std::move(containers)) {
    // nop
  }

  ~running_source() override {
    if (filter_)
      caf::anon_send_exit(filter_, caf::exit_reason::user_shutdown);
  }

  void start(sidecar_watcher owner) override {
    filter_ = spawn_hosted<running_sidecars>(
        io_, std::move(files_), std::move(containers_), std::move(owner));
  }

private:
  io_host& io_;
  std::unique_ptr<sidecar_source> files_;
  std::unique_ptr<container_lister> containers_;
  running_sidecars_actor filter_;
};

} // namespace

std::unique_ptr<sidecar_source>
only_running(io_host& io, std::unique_ptr<sidecar_source> files,
             std::unique_ptr<container_lister> containers) {
  return std::make_unique<running_source>(io, std::move(files),
                                          std::move(containers));
}

} // namespace clearance::actors
