/// Actors that run on one thread: the thread that polls their sockets.
#pragma once

#include "actors/base/fault.hpp"
#include "actors/base/io_host.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>
#include <optional>
#include <string_view>
#include <utility>

namespace clearance::actors {

/// Logs a fault that CAF would print to stdout or ignore: `what` happened to
/// the actor `name`. Needs no memory where there is none.
void report_fault(const char* name, std::string_view what) noexcept;

/// The same with the exception's text.
void report_fault(const char* name, const std::exception_ptr& fault) noexcept;

/// Makes an event-based actor run on `unit` only, whoever sends to it. Without
/// a unit the actor is scheduled by the actor system as usual, which tests use.
/// An exception that leaves a handler ends the actor with sec::runtime_error.
/// CAF's brokers use the same method for CAF's own multiplexer.
template <class Base>
class hosted : public Base {
public:
  hosted(caf::actor_config& cfg, caf::execution_unit* unit)
      : Base(cfg), unit_(unit) {
    this->set_default_handler(
        [](caf::scheduled_actor* self, caf::message_view& x) {
          report_fault(self->name(), "got " + caf::to_string(x.content()));
          return caf::drop(self, x);
        });
    // CAF sends the end to all that are linked. Where there is no memory for
    // that, whoever waits for this end would wait for ever.
    this->set_exception_handler([this](std::exception_ptr& fault) {
      memory_reserve::give();
      report_fault(this->name(), fault);
      return std::move(fault_);
    });
    this->set_down_handler([](const caf::down_msg&) {
      // nop: an actor that monitors others sets its own down handler
    });
  }

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* eu) override {
    Base::enqueue(std::move(what), unit_ != nullptr ? unit_ : eu);
  }

  void launch(caf::execution_unit* eu, bool lazy, bool hide) override {
    Base::launch(unit_ != nullptr ? unit_ : eu, lazy, hide);
  }

  caf::resumable::subtype_t subtype() const override {
    return unit_ != nullptr ? caf::resumable::io_actor
                            : caf::resumable::scheduled_actor;
  }

protected:
  /// Has `what`, which is not an actor, run soon on the thread of this actor.
  void run_soon(caf::resumable* what, caf::execution_unit* eu) {
    what->intrusive_ptr_add_ref_impl();
    if (auto where = unit_ != nullptr ? unit_ : eu)
      where->exec_later(what);
    else
      this->home_system().scheduler().enqueue(what);
  }

private:
  caf::execution_unit* unit_;
  caf::error fault_ = caf::make_error(caf::sec::runtime_error);
};

/// An actor made of a state class. `State` has
///   using interface = ...;            the typed handle
///   static inline const char* name;
///   State(interface::pointer self, ...);
///   interface::behavior_type make_behavior();
/// The state is destroyed when the actor ends, and not only when its last
/// handle is dropped. So sockets close at once, and handles that refer to each
/// other in a cycle are released. See caf::stateful_actor.
template <class State, class Base = hosted<typename State::interface::base>>
class hosted_actor : public Base {
public:
  using behavior_type = typename State::interface::behavior_type;

  template <class... Ts>
  hosted_actor(caf::actor_config& cfg, caf::execution_unit* unit, Ts&&... xs)
      : Base(cfg, unit) {
    state_.emplace(this, std::forward<Ts>(xs)...);
  }

  const char* name() const override { return State::name; }

  // What CAF does behind this may need memory: it cancels timeouts. Nothing is
  // lost with that, and the state, whose handler was set perhaps, is gone.
  void on_exit() override {
    this->set_exception_handler(
        [](std::exception_ptr&) { return caf::error{}; });
    state_.reset();
    Base::on_exit();
  }

  State& state() { return *state_; }

protected:
  behavior_type make_behavior() override { return state_->make_behavior(); }

private:
  std::optional<State> state_;
};

/// Starts a `State` on the I/O thread. `io` keeps the actor alive until it
/// ends.
template <class State, class... Ts>
typename State::interface spawn_hosted(io_host& io, Ts&&... xs) {
  auto result = io.system().spawn<typename State::actor_type>(
      io.unit(), std::forward<Ts>(xs)...);
  io.keep(caf::actor_cast<caf::strong_actor_ptr>(result));
  return result;
}

} // namespace clearance::actors
