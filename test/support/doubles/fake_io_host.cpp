#include "test/support/doubles/fake_io_host.hpp"

#include "actors/base/error.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/local_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <new>
#include <utility>

namespace clearance::test {

namespace {

class fake_listener final : public actors::listener {
public:
  explicit fake_listener(std::shared_ptr<recorded_listener> record)
      : record_(std::move(record)) {
    // nop
  }
  ~fake_listener() override {
    record_->open = false;
    record_->owner = nullptr;
  }
  fake_listener(const fake_listener&) = delete;
  fake_listener& operator=(const fake_listener&) = delete;

  std::uint64_t refused() const noexcept override { return record_->refused; }

private:
  std::shared_ptr<recorded_listener> record_;
};

class dummy_process final : public actors::process {
public:
  explicit dummy_process(std::shared_ptr<recorded_run> record)
      : record_(std::move(record)) {
    // nop
  }
  ~dummy_process() override {
    record_->killed = !record_->ended;
    record_->owner = nullptr;
  }
  dummy_process(const dummy_process&) = delete;
  dummy_process& operator=(const dummy_process&) = delete;

private:
  std::shared_ptr<recorded_run> record_;
};

} // namespace

fake_io_host::fake_io_host(caf::actor_system& system) : system_(system) {
  // nop
}

// spawn_hosted() calls this before it makes an actor.
caf::execution_unit* fake_io_host::unit() {
  if (out_of_memory_)
    throw std::bad_alloc{};
  return nullptr;
}

void fake_io_host::keep(caf::strong_actor_ptr actor) {
  kept_.push_back(std::move(actor));
}

caf::expected<std::unique_ptr<actors::listener>>
fake_io_host::listen(const actors::listen_spec& spec,
                     actors::listener_owner owner) {
  if (auto it = bind_errors_.find(spec.path); it != bind_errors_.end())
    return make_error(actors::errc::bind_failed, it->second);
  auto record = std::make_shared<recorded_listener>();
  record->spec = spec;
  record->owner = std::move(owner);
  listeners_.push_back(record);
  std::unique_ptr<actors::listener> result =
      std::make_unique<fake_listener>(std::move(record));
  return result;
}

caf::expected<actors::connection_ptr>
fake_io_host::dial(const std::string& path, actors::framing kind) {
  if (!dial_error_.empty()) {
    dials.push_back({path, kind, nullptr});
    return make_error(actors::errc::connect_failed, dial_error_);
  }
  auto result = std::make_shared<fake_connection>();
  if (!prepared_.empty()) {
    result = std::move(prepared_.front());
    prepared_.pop_front();
  }
  dials.push_back({path, kind, result});
  return actors::connection_ptr{std::move(result)};
}

actors::process_ptr fake_io_host::run(actors::process_id id,
                                      actors::process_spec spec,
                                      actors::process_owner owner) {
  if (out_of_memory_)
    throw std::bad_alloc{};
  auto record = std::make_shared<recorded_run>();
  record->id = id;
  record->spec = std::move(spec);
  record->owner = std::move(owner);
  runs.push_back(record);
  return std::make_unique<dummy_process>(std::move(record));
}

void fake_io_host::refuse_to_bind(const std::string& path, std::string why) {
  bind_errors_[path] = std::move(why);
}

fake_connection_ptr fake_io_host::connect(const std::string& path,
                                          actors::peer who) {
  auto at = listener_at(path);
  REQUIRE_MESSAGE(at != nullptr, "nobody listens at " << path);
  auto result = std::make_shared<fake_connection>(std::move(who));
  caf::anon_send(at->owner, actors::accepted{result});
  return result;
}

void fake_io_host::end_run(std::size_t index, actors::process_ended::how what,
                           int code, std::string stderr_bytes) {
  REQUIRE(index < runs.size());
  auto& run = *runs[index];
  REQUIRE_MESSAGE(!run.ended, "that run has ended already");
  REQUIRE_MESSAGE(!run.killed, "that run was killed: nothing is heard of it");
  run.ended = true;
  caf::anon_send(run.owner, actors::process_ended{run.id, what, code,
                                                  std::move(stderr_bytes)});
}

std::vector<caf::actor> fake_io_host::alive(const std::string& name) const {
  std::vector<caf::actor> result;
  for (auto& x : kept_) {
    auto& y = dynamic_cast<caf::local_actor&>(*x->get());
    if (name == y.name() && !y.getf(caf::abstract_actor::is_terminated_flag))
      result.push_back(caf::actor_cast<caf::actor>(x));
  }
  return result;
}

recorded_listener* fake_io_host::listener_at(const std::string& path) {
  auto it = std::find_if(listeners_.begin(), listeners_.end(), [&](auto& x) {
    return x->open && x->spec.path == path;
  });
  return it == listeners_.end() ? nullptr : it->get();
}

std::vector<std::string> fake_io_host::listened() const {
  std::vector<std::string> result;
  for (auto& x : listeners_)
    result.push_back(x->spec.path);
  return result;
}

std::size_t fake_io_host::running() const {
  return static_cast<std::size_t>(
      std::count_if(runs.begin(), runs.end(),
                    [](auto& x) { return !x->killed && !x->ended; }));
}

void fake_io_host::end_all() {
  for (auto& x : kept_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(x),
                        caf::exit_reason::user_shutdown);
  kept_.clear();
}

} // namespace clearance::test
