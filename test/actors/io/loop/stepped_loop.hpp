/// An execution unit with real sockets. The test runs it on its own thread,
/// step by step.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/hosted.hpp"
#include "actors/io/loop/unit.hpp"
#include "protocol/base/framing.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <memory>
#include <string>
#include <vector>

namespace clearance::test {

/// The messages that an owner of connections has received, in order.
struct heard {
  std::vector<actors::accepted> accepted;
  std::vector<std::string> frames;
  std::vector<actors::stream_end> ends;
  std::uint64_t overlong = 0;
  std::uint64_t starved = 0;
  int received = 0;
  int writable = 0;
  int hung_up = 0;
  bool keeps_batches = false;
  std::vector<std::shared_ptr<const protocol::frame_batch>> batches;
};

using recorder_actor = caf::typed_actor<
    caf::reacts_to<actors::accepted>, caf::reacts_to<actors::received>,
    caf::reacts_to<actors::writable>, caf::reacts_to<actors::hung_up>>;

/// Keeps the messages that it gets.
class recorder {
public:
  static inline const char* name = "recorder";
  using interface = recorder_actor;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<recorder>;

  recorder(self_type*, heard* to) : to_(to) {
    // nop
  }

  interface::behavior_type make_behavior();

private:
  heard* to_;
};

/// Runs everything that is ready and never waits.
class stepped_loop {
public:
  stepped_loop();
  ~stepped_loop();
  stepped_loop(const stepped_loop&) = delete;
  stepped_loop& operator=(const stepped_loop&) = delete;

  boost::asio::io_context& context() { return context_; }
  const recorder_actor& owner() const { return owner_; }
  heard& what() { return heard_; }

  /// Keeps the frames, like an owner that has not handled them yet.
  void keep_batches() { heard_.keeps_batches = true; }
  void drop_batches() {
    heard_.keeps_batches = false;
    heard_.batches.clear();
  }
  void step() { unit_.poll(); }

  /// For actors other than the recorder.
  caf::actor_system& system() { return system_; }
  io::unit& unit() { return unit_; }

private:
  caf::actor_system_config config_;
  caf::actor_system system_;
  boost::asio::io_context context_{1};
  io::unit unit_;
  heard heard_;
  recorder_actor owner_;
};

} // namespace clearance::test
