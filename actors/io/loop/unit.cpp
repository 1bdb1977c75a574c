#include "actors/io/loop/unit.hpp"

#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <algorithm>

namespace clearance::io {

namespace {

/// How many messages an actor handles before the next actor's turn.
constexpr std::size_t max_throughput = 64;

/// How many actors run before the sockets are polled again.
constexpr std::size_t max_steps = 4096;

thread_local unit* current = nullptr;

} // namespace

unit::activation::activation(unit& x) noexcept : before(current) {
  current = &x;
}

unit::activation::~activation() {
  current = before;
}

unit::unit(caf::actor_system& system, boost::asio::io_context& context)
    : execution_unit(&system), context_(context) {
  reserve(64);
}

unit::~unit() {
  for (auto what : ready_)
    caf::scheduler::abstract_coordinator::cleanup_and_release(what);
}

// An actor is ready for a message and, if it has a bounded mailbox, for events.
void unit::reserve(std::size_t actors) {
  if (ready_.capacity() < 2 * actors)
    ready_.set_capacity(std::max(2 * actors, 2 * ready_.capacity()));
}

void unit::push(caf::resumable* what) {
  if (ready_.full())
    reserve(ready_.capacity());
  ready_.push_back(what);
}

void unit::exec_later(caf::resumable* what) {
  // An ordinary actor of the system's scheduler got a message from a hosted
  // one.
  if (what->subtype() == caf::resumable::scheduled_actor)
    system().scheduler().enqueue(what);
  else if (current == this)
    push(what);
  else
    boost::asio::post(context_, [this, what] { step(what); });
}

// An exception leaves resume() where CAF had no memory for the end of an actor.
// It runs again then: an actor that has ended is released, and another one gets
// its next messages, of which one ends it.
void unit::step(caf::resumable* what) {
  auto result = caf::resumable::resume_later;
  try {
    result = what->resume(this, max_throughput);
  } catch (...) {
    push(what);
    throw;
  }
  switch (result) {
  case caf::resumable::resume_later:
    push(what);
    break;
  case caf::resumable::awaiting_message:
  case caf::resumable::done:
    caf::intrusive_ptr_release(what);
    break;
  case caf::resumable::shutdown_execution_unit:
    break;
  }
}

// The number of steps is limited, so that sockets are polled also if actors
// always have work.
std::size_t unit::drain() {
  std::size_t steps = 0;
  for (; !ready_.empty() && steps < max_steps; ++steps) {
    auto what = ready_.front();
    ready_.pop_front();
    step(what);
  }
  if (!ready_.empty())
    boost::asio::post(context_, [] { /* makes run_one() return */ });
  return steps;
}

std::size_t unit::poll() {
  activation here{*this};
  std::size_t total = 0;
  for (;;) {
    auto steps = drain();
    context_.restart();
    steps += context_.poll_one();
    if (steps == 0)
      return total;
    total += steps;
  }
}

} // namespace clearance::io
