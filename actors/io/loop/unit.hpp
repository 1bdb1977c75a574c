/// CAF's execution unit on top of an Asio io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <caf/execution_unit.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <deque>

namespace clearance::io {

/// Runs hosted actors on the thread that polls their sockets: between two
/// handlers of the io_context every actor that became ready, in order of
/// readiness. No lock and no wake-up on the way from one to the next.
class unit : public caf::execution_unit {
public:
  unit(caf::actor_system& system, boost::asio::io_context& context);
  ~unit() override;

  /// From any thread. Actors of CAF's scheduler are passed on to it.
  void exec_later(caf::resumable* what) override;

  /// Runs handlers and actors on the calling thread until `done()`, which is
  /// asked between handlers. Post something to have it asked.
  template <class Predicate>
  void run(Predicate done) {
    activation here{*this};
    drain();
    while (!done() && context_.run_one() > 0)
      drain();
  }

  /// Runs what is ready on the calling thread, waits for nothing. Returns how
  /// much that was. For tests.
  std::size_t poll();

  boost::asio::io_context& context() noexcept { return context_; }

private:
  // Marks the thread that runs this unit.
  struct activation {
    explicit activation(unit& x) noexcept;
    ~activation();
    unit* before;
  };

  void step(caf::resumable* what);
  std::size_t drain();

  boost::asio::io_context& context_;
  std::deque<caf::resumable*> ready_;
};

} // namespace clearance::io
