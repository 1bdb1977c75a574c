// Rules for lifetimes. Each of them was found because a program hung:
//
// - A hosted actor is destroyed on the thread that drops its last handle. So
//   the loop keeps a handle of each actor until the actor has ended; after that
//   only memory is left to free.
// - The loop must not end before its actors have got their exit messages, or
//   the actor_system waits for them for ever. So stop() sends the exit messages
//   and act() goes on until kept_ is empty.
// - act() never looks at its mailbox, so exit messages become posted work.
//   Posted work runs within act() or never. It must hold no handle of the loop:
//   after the loop has ended, the loop would keep itself alive.

#include "actors/io/loop/loop.hpp"

#include "actors/base/block_cache.hpp"
#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/socket/socket_listener.hpp"
#include "actors/io/socket/stream.hpp"
#include "protocol/varlink/message.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <exception>

namespace clearance::io {

loop::loop(caf::actor_config& cfg)
    : blocking_actor(cfg),
      unit_(home_system(), context_),
      guard_(boost::asio::make_work_guard(context_)) {
  // nop
}

loop::~loop() {
  guard_.reset();
}

void loop::act() {
  // CAF catches exceptions of actors. So an exception that arrives here left
  // one of our own handlers. Then nothing is served any more, but everything is
  // closed in order.
  protocol::varlink::prepare_thread();
  actors::keep_blocks();
  for (bool ended = false; !ended;) {
    try {
      unit_.run([this] { return stopping_ && kept_.empty(); });
      ended = true;
    } catch (const std::exception& fault) {
      log(actors::severity::error, name(), fault.what());
      stop(caf::sec::runtime_error);
      forget_ended();
    }
  }
  fail_state(reason_);
}

void loop::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* eu) {
  if (!what->content().match_elements<caf::exit_msg>()) {
    blocking_actor::enqueue(std::move(what), eu);
    return;
  }
  post([this, why = what->content().get_as<caf::exit_msg>(0).reason] {
    stop(why);
  });
}

void loop::stop(caf::error why) {
  if (stopping_)
    return;
  stopping_ = true;
  reason_ = std::move(why);
  for (auto& [id, actor] : kept_)
    actors::insist([who = caf::actor_cast<caf::actor>(actor)] {
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    });
}

void loop::keep(caf::strong_actor_ptr actor) {
  unit_.reserve(kept_.size() + 1);
  auto id = actor->id();
  actor->get()->attach_functor(
      [this, self = caf::strong_actor_ptr{ctrl()}, id](const caf::error&) {
        actors::insist([this, id] { post([this, id] { gone(id); }); });
      });
  if (stopping_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(actor),
                        caf::exit_reason::user_shutdown);
  kept_.emplace(id, std::move(actor));
}

// An exception out of an actor's end, as when CAF has no memory for a message
// to whoever is linked to it, may have hidden that end from us.
void loop::forget_ended() {
  std::erase_if(kept_, [](const auto& x) {
    return x.second->get()->getf(caf::abstract_actor::is_terminated_flag);
  });
}

void loop::gone(caf::actor_id who) {
  kept_.erase(who);
}

void loop::depend_on(const caf::strong_actor_ptr& part) {
  part->get()->attach_functor(
      [this, self = caf::strong_actor_ptr{ctrl()}](const caf::error& why) {
        if (why && why != caf::exit_reason::user_shutdown)
          actors::insist([&] { post([this, why] { stop(why); }); });
      });
}

caf::expected<std::unique_ptr<actors::listener>>
loop::listen(const actors::listen_spec& spec, actors::listener_owner owner) {
  return socket_listener::open(context_, spec, std::move(owner));
}

caf::expected<actors::connection_ptr> loop::dial(const std::string& path,
                                                 actors::framing kind) {
  return stream::dial(context_, path, kind);
}

actors::process_ptr loop::run(actors::process_id id, actors::process_spec spec,
                              actors::process_owner owner) {
  return run_child(context_, id, std::move(spec),
                   [owner = std::move(owner)](const actors::process_ended& x) {
                     actors::insist([&] { caf::anon_send(owner, x); });
                   });
}

caf::actor spawn_loop(caf::actor_system& system) {
  return system.spawn<loop>();
}

loop& as_loop(const caf::actor& handle) {
  return static_cast<loop&>(*caf::actor_cast<caf::abstract_actor*>(handle));
}

} // namespace clearance::io
