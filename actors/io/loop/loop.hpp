/// The I/O thread as an actor, which a program starts, monitors and stops.
#pragma once

#include "actors/base/io_host.hpp"
#include "actors/io/loop/unit.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/blocking_actor.hpp>

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace clearance::io {

/// Runs the io_context on a thread of its own and hosts actors there. An exit
/// message stops the loop: first the hosted actors are told to exit, and when
/// the last of them has ended the loop ends. See loop.cpp.
class loop final : public caf::blocking_actor, public actors::io_host {
public:
  explicit loop(caf::actor_config& cfg);
  ~loop() override;

  const char* name() const override { return "loop"; }

  // -- for every thread
  // --------------------------------------------------------

  /// Runs `f` soon on the loop's thread. If the loop has ended, `f` is never
  /// run.
  template <class F>
  void post(F f) {
    boost::asio::post(context_, std::move(f));
  }

  caf::actor_system& system() override { return home_system(); }
  caf::execution_unit* unit() override { return &unit_; }

  // -- for the loop's own thread only
  // -------------------------------------------

  /// If `part` ends for a reason that is neither normal nor a shutdown, the
  /// loop ends with the same reason.
  void depend_on(const caf::strong_actor_ptr& part);

  boost::asio::io_context& context() noexcept { return context_; }

  void keep(caf::strong_actor_ptr actor) override;
  caf::expected<std::unique_ptr<actors::listener>>
  listen(const actors::listen_spec& spec,
         actors::listener_owner owner) override;
  caf::expected<actors::connection_ptr> dial(const std::string& path,
                                             actors::framing kind) override;
  actors::process_ptr run(actors::process_id id, actors::process_spec spec,
                          actors::process_owner owner) override;

  // -- caf::blocking_actor ----------------------------------------------------

  using caf::blocking_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* eu) override;
  void act() override;

private:
  void stop(caf::error why);
  void forget_ended();
  void gone(caf::actor_id who);

  boost::asio::io_context context_{1}; // one thread runs all handlers
  io::unit unit_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      guard_;
  std::unordered_map<caf::actor_id, caf::strong_actor_ptr> kept_;
  bool stopping_ = false;
  caf::error reason_;
};

/// Starts a loop on a thread of its own. The handle keeps it alive. Whatever is
/// posted must be done before the handle is dropped.
caf::actor spawn_loop(caf::actor_system& system);

/// The loop behind a handle of spawn_loop().
loop& as_loop(const caf::actor& handle);

} // namespace clearance::io
