/// CAF's execution unit on top of an Asio io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/circular_buffer.hpp>
#include <caf/execution_unit.hpp>
#include <caf/fwd.hpp>

#include <cstddef>

namespace clearance::io {

/// Runs hosted actors on the thread that polls their sockets. Between two
/// handlers of the io_context it runs every actor that became ready, in that
/// order. A message from one hosted actor to another needs no lock and no
/// wake-up.
class unit : public caf::execution_unit {
public:
  unit(caf::actor_system& system, boost::asio::io_context& context);
  ~unit() override;

  /// Makes room for so many actors that are ready at the same time. Then
  /// exec_later() needs no memory on the unit's thread: a message may be denied
  /// memory, but a message that was sent always wakes its actor.
  void reserve(std::size_t actors);

  /// May be called on any thread. Passes actors of CAF's scheduler on to it.
  void exec_later(caf::resumable* what) override;

  /// Runs handlers and actors on the calling thread until `done()` is true,
  /// which is asked between handlers. Post an empty handler to have it asked.
  template <class Predicate>
  void run(Predicate done) {
    activation here{*this};
    drain();
    while (!done() && context_.run_one() > 0)
      drain();
  }

  /// Runs what is ready on the calling thread and waits for nothing. Returns
  /// how many handlers and actors ran. For tests.
  std::size_t poll();

  boost::asio::io_context& context() noexcept { return context_; }

private:
  // Marks the calling thread as the one that runs this unit.
  struct activation {
    explicit activation(unit& x) noexcept;
    ~activation();
    unit* before;
  };

  void push(caf::resumable* what);
  void step(caf::resumable* what);
  std::size_t drain();

  boost::asio::io_context& context_;
  boost::circular_buffer<caf::resumable*> ready_; // never shrinks
};

} // namespace clearance::io
