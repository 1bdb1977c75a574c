#include "test/actors/io/loop/stepped_loop.hpp"

#include <cstddef>

namespace clearance::test {

recorder_actor::behavior_type recorder::make_behavior() {
  return {
      [this](const actors::accepted& x) { to_->accepted.push_back(x); },
      [this](const actors::received& x) {
        ++to_->received;
        for (std::size_t i = 0; i < x.frames->size(); ++i)
          to_->frames.emplace_back(x.frames->at(i));
        if (to_->keeps_batches)
          to_->batches.push_back(x.frames);
        to_->overlong += x.overlong;
        to_->starved += x.starved;
        to_->ends.push_back(x.end);
      },
      [this](const actors::writable&) { ++to_->writable; },
      [this](const actors::hung_up&) { ++to_->hung_up; },
  };
}

namespace {

caf::actor_system_config& quiet(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{1});
  return config;
}

} // namespace

stepped_loop::stepped_loop()
    : system_(quiet(config_)), unit_(system_, context_) {
  owner_ = caf::actor_cast<recorder_actor>(
      system_.spawn<recorder::actor_type>(&unit_, &heard_));
}

stepped_loop::~stepped_loop() {
  caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
  step();
  owner_ = nullptr;
}

} // namespace clearance::test
